package bpflsm

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errno makes the error of a system call.
func errno(n unix.Errno) error {
	if n != 0 {
		return n
	}
	return nil
}

// sockaddr returns an address as the kernel takes it: of the family named, which need not be
// the one of the address.
func sockaddr(family uint16, at netip.AddrPort) []byte {
	b := binary.NativeEndian.AppendUint16(nil, family)
	b = binary.BigEndian.AppendUint16(b, at.Port())
	if at.Addr().Is4() {
		return append(append(b, at.Addr().AsSlice()...), make([]byte, 8)...)
	}
	b = append(append(b, 0, 0, 0, 0), at.Addr().AsSlice()...)
	return append(b, 0, 0, 0, 0)
}

func familyOf(a netip.Addr) uint16 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// networkServer carries out operations on sockets that its input asks for.
func networkServer() error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer := "ok"
		if err := network(strings.Fields(lines.Text())); err != nil {
			answer = err.Error()
		}
		fmt.Println(answer)
	}
	return lines.Err()
}

// network is one operation on a socket: WHAT FAMILY TYPE PROTOCOL ADDRESS [FAMILY-OF-ADDRESS].
func network(task []string) error {
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(task[i+1]); err != nil {
			return err
		}
	}
	at, err := netip.ParseAddrPort(task[4])
	if err != nil {
		return err
	}
	name := sockaddr(familyOf(at.Addr()), at)
	if len(task) > 5 {
		family, err := strconv.Atoi(task[5])
		if err != nil {
			return err
		}
		name = sockaddr(uint16(family), at)
	}
	fd, err := unix.Socket(n[0], n[1], n[2])
	if err != nil {
		return fmt.Errorf("make the socket: %w", err)
	}
	defer unix.Close(fd)
	return useSocket(fd, task[0], name)
}

func useSocket(fd int, what string, name []byte) error {
	switch what {
	case "connect":
		return call(unix.SYS_CONNECT, fd, name)
	case "fastopen-connect":
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1); err != nil {
			return err
		}
		if err := call(unix.SYS_CONNECT, fd, name); err != nil {
			return err
		}
		_, err := unix.Write(fd, []byte("x"))
		return err
	case "disconnect":
		if err := call(unix.SYS_CONNECT, fd, name); err != nil {
			return err
		}
		return call(unix.SYS_CONNECT, fd, make([]byte, 16))
	case "send":
		return sendTo(fd, name, 0)
	case "fastopen":
		return sendTo(fd, name, unix.MSG_FASTOPEN)
	case "sendmsg":
		_, _, n := unix.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(message(name))), 0)
		return errno(n)
	case "sendmmsg":
		return sendMany(fd, name)
	case "connected-send": // the address is for nothing on a connected stream
		if err := call(unix.SYS_CONNECT, fd, name); err != nil {
			return err
		}
		return sendTo(fd, sockaddr(unix.AF_INET, netip.MustParseAddrPort("127.0.0.9:9")), 0)
	case "bind":
		return call(unix.SYS_BIND, fd, name)
	case "listen":
		return unix.Listen(fd, 1)
	case "accept":
		return acceptOne(fd, name)
	}
	return fmt.Errorf("no such operation: %s", what)
}

func call(number uintptr, fd int, name []byte) error {
	_, _, n := unix.Syscall(number, uintptr(fd), uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)))
	return errno(n)
}

// sendTo sends a packet that raw and ping sockets take as well: an echo request.
func sendTo(fd int, name []byte, flags int) error {
	packet := []byte{8, 0, 0, 0, 0, 1, 0, 1}
	_, _, n := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&packet[0])), uintptr(len(packet)), uintptr(flags), uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)))
	return errno(n)
}

func message(name []byte) *unix.Msghdr {
	text := []byte("x")
	m := &unix.Msghdr{Name: &name[0], Namelen: uint32(len(name)), Iov: &unix.Iovec{Base: &text[0], Len: 1}}
	m.SetIovlen(1)
	return m
}

// sendMany sends to a port beside the one asked for, and then to that.
func sendMany(fd int, name []byte) error {
	type entry struct {
		header unix.Msghdr
		len    uint32
		_      uint32
	}
	beside := append([]byte{}, name...)
	beside[3] ^= 1
	all := []entry{{header: *message(beside)}, {header: *message(name)}}
	n, _, failed := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&all[0])), 2, 0, 0, 0)
	if failed != 0 {
		return failed
	}
	if n != 2 { // the error is that of the second, which the call hides
		return unix.EACCES
	}
	return nil
}

// acceptOne binds, listens and accepts what it has connected itself.
func acceptOne(fd int, name []byte) error {
	if err := call(unix.SYS_BIND, fd, name); err != nil {
		return fmt.Errorf("bind first: %w", err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		return err
	}
	self, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	family := unix.AF_INET
	if _, ok := self.(*unix.SockaddrInet6); ok {
		family = unix.AF_INET6
	}
	other, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(other)
	if err := unix.Connect(other, self); err != nil {
		return err
	}
	accepted, _, err := unix.Accept4(fd, 0)
	if err != nil {
		return err
	}
	return unix.Close(accepted)
}

// Files by which a test and acceptWhenTold talk.
const (
	listeningFile = "/var/tmp/rules/listening"
	acceptFile    = "/var/tmp/rules/accept"
)

// acceptWhenTold listens, and accepts once it is told to.
func acceptWhenTold(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := call(unix.SYS_BIND, fd, sockaddr(unix.AF_INET, at)); err != nil {
		return fmt.Errorf("bind first: %w", err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		return err
	}
	if err := os.WriteFile(listeningFile, nil, 0o644); err != nil {
		return err
	}
	for !exists(acceptFile) {
		time.Sleep(time.Millisecond)
	}
	_, _, err = unix.Accept4(fd, 0)
	return err
}
