//go:build guest

package attacks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// unreachable is a policy on addresses. The intruder may listen on 7000 to 7099 to see what
// reaches it.
const unreachable = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: unreachable, namespace: default}
spec:
  selector: {}
  network:
    matchEndpoints:
    - {cidr: 127.0.0.1, ports: ["7000-7009"]}
    - {cidr: "::1", ports: ["7000-7009"]}
    - {cidr: 127.0.0.2}
    - {direction: ingress, ports: ["7100-7109"]}
    - {direction: ingress, cidr: 0.0.0.0/0, ports: ["7110-7119"]}
  action: Block
`

const (
	ringConnect = 16
	ringSendmsg = 9

	withheldPort = 7001
	freePort     = 7051
)

var (
	v4Loopback = netip.MustParseAddr("127.0.0.1")
	v4Second   = netip.MustParseAddr("127.0.0.2")
	v6Loopback = netip.MustParseAddr("::1")
	v4Any      = netip.IPv4Unspecified()
	v6Any      = netip.IPv6Unspecified()
	v4Mapped   = netip.MustParseAddr("::ffff:127.0.0.1")
)

// name returns an address as the kernel takes it, of the family that is said.
func name(family uint16, a netip.Addr, port uint16) []byte {
	b := binary.NativeEndian.AppendUint16(nil, family)
	b = binary.BigEndian.AppendUint16(b, port)
	if a.Is4() {
		return append(append(b, a.AsSlice()...), make([]byte, 8)...)
	}
	return append(append(append(b, 0, 0, 0, 0), a.AsSlice()...), 0, 0, 0, 0)
}

func name4(a netip.Addr) []byte { return name(unix.AF_INET, a, withheldPort) }
func name6(a netip.Addr) []byte { return name(unix.AF_INET6, a, withheldPort) }

// networkWays reach an address that the policy withholds, or listen where it forbids.
func networkWays() []way {
	tcp4, tcp6 := of(unix.AF_INET, unix.SOCK_STREAM, 0), of(unix.AF_INET6, unix.SOCK_STREAM, 0)
	udp4, udp6 := of(unix.AF_INET, unix.SOCK_DGRAM, 0), of(unix.AF_INET6, unix.SOCK_DGRAM, 0)
	scoped := append(name6(v6Loopback)[:24], 7, 0, 0, 0)
	return []way{
		{name: "connect", try: byTCP(v4Loopback, tcp4, connectTo(name4(v4Loopback)))},
		{name: "connect to the mapped address", try: byTCP(v4Loopback, tcp6, connectTo(name6(v4Mapped)))},
		{name: "connect to any address", try: byTCP(v4Loopback, tcp4, connectTo(name4(v4Any)))},
		{name: "connect to any IPv6 address", try: byTCP(v6Loopback, tcp6, connectTo(name6(v6Any)))},
		{name: "connect to any IPv6 address from a mapped one", try: byTCP(v4Loopback, tcp6, bindTo(name(unix.AF_INET6, v4Mapped, 0)), connectTo(name6(v6Any)))},
		{name: "connect to the mapped any address", try: byTCP(v4Loopback, tcp6, connectTo(name6(netip.MustParseAddr("::ffff:0.0.0.0"))))},
		{name: "connect with a scope that means nothing", try: byTCP(v6Loopback, tcp6, connectTo(scoped))},
		{name: "connect with an address that is too long", try: byTCP(v4Loopback, tcp4, connectTo(append(name4(v4Loopback), make([]byte, 100)...)))},
		{name: "connect to any address by the device", try: byTCP(v4Loopback, tcp4, onLoopback, connectTo(name4(v4Any)))},
		{name: "connect by MPTCP", try: byTCP(v4Loopback, of(unix.AF_INET, unix.SOCK_STREAM, protoMPTCP), connectTo(name4(v4Loopback)))},
		{name: "connect by MPTCP to the mapped address", try: byTCP(v4Loopback, of(unix.AF_INET6, unix.SOCK_STREAM, protoMPTCP), connectTo(name6(v4Mapped)))},
		{name: "open fast by a message", try: byTCP(v4Loopback, tcp4, send(name4(v4Loopback), unix.MSG_FASTOPEN))},
		{name: "open fast by a message to the mapped address", try: byTCP(v4Loopback, tcp6, send(name6(v4Mapped), unix.MSG_FASTOPEN))},
		{name: "open fast by connect", try: byTCP(v4Loopback, tcp4, openFast, connectTo(name4(v4Loopback)), write)},
		{name: "connect by io_uring", try: byTCP(v4Loopback, tcp4, connectByRing(0))},
		{name: "connect by a worker of io_uring", try: byTCP(v4Loopback, tcp4, connectByRing(ringAsync))},
		{name: "connect by root of a user namespace", try: func() error {
			return again("connect", inUserNamespace(0))
		}},

		{name: "send", try: byUDP(v4Loopback, udp4, send(name4(v4Loopback), 0))},
		{name: "send to the mapped address", try: byUDP(v4Loopback, udp6, send(name6(v4Mapped), 0))},
		{name: "send to an IPv4 address by an IPv6 socket", try: byUDP(v4Loopback, udp6, send(name4(v4Loopback), 0))},
		{name: "send with the unspecified family", try: byUDP(v4Loopback, udp4, send(name(unix.AF_UNSPEC, v4Loopback, withheldPort), 0))},
		{name: "send by an IPv6 socket that has become one of IPv4", try: byUDP(v4Loopback, udp6, connectTo(name(unix.AF_INET6, v4Mapped, freePort)), becomeIPv4,
			send(name(unix.AF_UNSPEC, v4Loopback, withheldPort), 0))},
		{name: "send beside a connection elsewhere", try: byUDP(v4Loopback, udp4, connectTo(name(unix.AF_INET, v4Loopback, freePort)), send(name4(v4Loopback), 0))},
		{name: "send the second of two messages", try: byUDP(v4Loopback, udp4, sendSecond(name4(v4Loopback)))},
		{name: "connect by udp and write", try: byUDP(v4Loopback, udp4, connectTo(name4(v4Loopback)), write)},
		{name: "disconnect, connect again and write", try: byUDP(v4Loopback, udp4, connectTo(name(unix.AF_INET, v4Loopback, freePort)), connectTo(make([]byte, 16)),
			connectTo(name4(v4Loopback)), write)},
		{name: "send to any address", try: byUDP(v4Loopback, udp4, send(name4(v4Any), 0))},
		{name: "send to any IPv6 address", try: byUDP(v6Loopback, udp6, send(name6(v6Any), 0))},
		{name: "send a message by io_uring", try: byUDP(v4Loopback, udp4, sendByRing)},
		{name: "send a packet of one's own", try: byUDP(v4Second, of(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_UDP), sendPacket(unix.AF_INET))},
		{name: "send a packet of one's own with the unspecified family", try: byUDP(v4Second, of(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_UDP), sendPacket(unix.AF_UNSPEC))},

		{name: "bind", try: steps(tcp4, bindTo(name(unix.AF_INET, v4Loopback, 7101)))},
		{name: "bind with the unspecified family", try: steps(tcp4, bindTo(name(unix.AF_UNSPEC, v4Any, 7102)))},
		{name: "bind to the mapped address", try: steps(tcp6, bindTo(name(unix.AF_INET6, v4Mapped, 7111)))},
		{name: "bind to any address of both families", try: steps(tcp6, bindTo(name(unix.AF_INET6, v6Any, 7112)))},
		{name: "bind udp to any address of both families", try: steps(udp6, bindTo(name(unix.AF_INET6, v6Any, 7113)))},
		{name: "bind by MPTCP", try: steps(of(unix.AF_INET, unix.SOCK_STREAM, protoMPTCP), bindTo(name(unix.AF_INET, v4Loopback, 7103)))},
		{name: "accept on a port that the kernel chose", try: acceptOnChosenPort},
	}
}

// step is something done with a socket.
type step func(fd int) error

func of(family, kind, protocol int) func() (int, error) {
	return func() (int, error) { return unix.Socket(family, kind, protocol) }
}

// steps makes a socket and takes the steps.
func steps(open func() (int, error), do ...step) func() error {
	return func() error {
		fd, err := open()
		for _, s := range do {
			if err == nil {
				err = s(fd)
			}
		}
		return err
	}
}

// byTCP listens at the address that is withheld, and succeeds if a connection arrives.
func byTCP(at netip.Addr, open func() (int, error), do ...step) func() error {
	return func() error {
		server, err := listenAt(at, unix.SOCK_STREAM)
		if err == nil {
			err = unix.Listen(server, 1)
		}
		if err != nil {
			return fmt.Errorf("the intruder's own server: %w", err)
		}
		if err := steps(open, do...)(); err != nil {
			return err
		}
		_, _, err = unix.Accept4(server, 0)
		return err
	}
}

// byUDP succeeds if a datagram arrives at the address that is withheld.
func byUDP(at netip.Addr, open func() (int, error), do ...step) func() error {
	return func() error {
		server, err := listenAt(at, unix.SOCK_DGRAM)
		if err != nil {
			return fmt.Errorf("the intruder's own server: %w", err)
		}
		if err := steps(open, do...)(); err != nil {
			return err
		}
		_, _, err = unix.Recvfrom(server, make([]byte, 64), 0)
		return err
	}
}

func listenAt(at netip.Addr, kind int) (int, error) {
	var family uint16 = unix.AF_INET6
	if at.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(int(family), kind, 0)
	if err != nil {
		return 0, err
	}
	wait := unix.NsecToTimeval(int64(5 * time.Second))
	return fd, errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait), bindTo(name(family, at, withheldPort))(fd))
}

func passName(number uintptr, fd int, name []byte) error {
	if _, _, errno := unix.Syscall(number, uintptr(fd), uintptr(unsafe.Pointer(&name[0])), uintptr(len(name))); errno != 0 {
		return errno
	}
	return nil
}

func connectTo(name []byte) step {
	return func(fd int) error { return passName(unix.SYS_CONNECT, fd, name) }
}
func bindTo(name []byte) step { return func(fd int) error { return passName(unix.SYS_BIND, fd, name) } }

func write(fd int) error {
	_, err := unix.Write(fd, []byte("x"))
	return err
}

func send(name []byte, flags int) step {
	return func(fd int) error { return sendBytes(fd, name, flags, []byte("x")) }
}

func sendBytes(fd int, name []byte, flags int, text []byte) error {
	_, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)), uintptr(flags), uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)))
	if errno != 0 {
		return errno
	}
	return nil
}

func openFast(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1)
}

func onLoopback(fd int) error { return unix.BindToDevice(fd, "lo") }

// becomeIPv4 makes an IPv6 socket one of IPv4.
func becomeIPv4(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_ADDRFORM, unix.AF_INET)
}

func messageTo(name []byte) *unix.Msghdr {
	text := []byte("x")
	m := &unix.Msghdr{Name: &name[0], Namelen: uint32(len(name)), Iov: &unix.Iovec{Base: &text[0], Len: 1}}
	m.SetIovlen(1)
	return m
}

// sendSecond sends to a free port and then to the one withheld, by one call.
func sendSecond(to []byte) step {
	return func(fd int) error {
		type entry struct {
			header unix.Msghdr
			_      uint64
		}
		all := []entry{{header: *messageTo(name(unix.AF_INET, v4Loopback, freePort))}, {header: *messageTo(to)}}
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&all[0])), 2, 0, 0, 0)
		switch {
		case errno != 0:
			return errno
		case n == 1: // the call hides the second one's error
			return send(to, 0)(fd)
		}
		return nil
	}
}

func connectByRing(flags uint8) step {
	return func(fd int) error {
		to := name4(v4Loopback)
		_, err := byRing(0, ringEntry{opcode: ringConnect, flags: flags, fd: int32(fd), addr: uint64(uintptr(unsafe.Pointer(&to[0]))), off: uint64(len(to))})
		return err
	}
}

func sendByRing(fd int) error {
	m := messageTo(name4(v4Loopback))
	_, err := byRing(0, ringEntry{opcode: ringSendmsg, fd: int32(fd), addr: uint64(uintptr(unsafe.Pointer(m))), len: 1})
	return err
}

// sendPacket sends a datagram with a header of its own.
func sendPacket(family uint16) step {
	return func(fd int) error {
		packet := binary.BigEndian.AppendUint16(nil, freePort)
		packet = binary.BigEndian.AppendUint16(packet, withheldPort)
		packet = binary.BigEndian.AppendUint16(packet, 9) // the length; no checksum
		return sendBytes(fd, name(family, v4Second, 0), 0, append(packet, 0, 0, 'x'))
	}
}

// acceptOnChosenPort has the kernel choose a port among those that are withheld.
func acceptOnChosenPort() error {
	if err := writeFile("/proc/sys/net/ipv4/ip_local_port_range", "7100 7109"); err != nil {
		return fmt.Errorf("narrow the range: %w", err)
	}
	server, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Listen(server, 1); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	self, err := unix.Getsockname(server)
	if err != nil {
		return err
	}
	if err := writeFile("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999"); err != nil {
		return err
	}
	self.(*unix.SockaddrInet4).Addr = v4Loopback.As4()
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Connect(client, self)
	}
	if err != nil {
		return fmt.Errorf("connect to it: %w", err)
	}
	_, _, err = unix.Accept4(server, 0)
	return err
}

// networkControls are ordinary acts beside the rules.
func networkControls() []way {
	tcp, udp := of(unix.AF_INET, unix.SOCK_STREAM, 0), of(unix.AF_INET, unix.SOCK_DGRAM, 0)
	return []way{
		{name: "send to a free port", try: steps(udp, send(name(unix.AF_INET, v4Loopback, freePort), 0))},
		{name: "send to an address in the own network", try: steps(udp, send(name(unix.AF_INET, netip.MustParseAddr("127.0.0.3"), withheldPort), 0))},
		{name: "bind to a free port", try: steps(tcp, bindTo(name(unix.AF_INET, v4Any, freePort)))},
		{name: "bind to any port", try: steps(tcp, bindTo(name(unix.AF_INET, v4Any, 0)))},
		{name: "listen and accept", try: func() error {
			return acceptAt(name(unix.AF_INET, v4Loopback, freePort+1))
		}},
	}
}

func acceptAt(at []byte) error {
	server, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		err = bindTo(at)(server)
	}
	if err == nil {
		err = unix.Listen(server, 1)
	}
	if err != nil {
		return err
	}
	if err := steps(of(unix.AF_INET, unix.SOCK_STREAM, 0), connectTo(at))(); err != nil {
		return err
	}
	_, _, err = unix.Accept4(server, 0)
	return err
}

func writeFile(file, text string) error { return os.WriteFile(file, []byte(text), 0) }
