//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Numbers of include/uapi/linux/io_uring.h.
const (
	ringOpenat    = 18
	ringRenameat  = 35
	ringUnlinkat  = 36
	ringMkdirat   = 37
	ringLinkat    = 39
	ringSetxattr  = 42
	ringSocket    = 45
	ringAsync     = 1 << 4  // of an entry: by a worker thread
	ringPolled    = 1 << 1  // of a ring: entries are taken by a thread of the kernel's
	ringRights    = 1 << 31 // ours: the entry is carried out with registered rights
	ringEntries   = 1 << 0  // of enter: wait for an answer
	ringWake      = 1 << 1
	ringSQOffset  = 0
	ringCQOffset  = 0x8000000
	ringSQEOffset = 0x10000000
)

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, cpu, idle, features, wq uint32
	_                                                    [3]uint32
	sq                                                   struct{ head, tail, mask, entries, flags, dropped, array, _, _, _ uint32 }
	cq                                                   struct{ head, tail, mask, entries, overflow, cqes, flags, _, _, _ uint32 }
}

// ringEntry is struct io_uring_sqe.
type ringEntry struct {
	opcode, flags uint8
	ioprio        uint16
	fd            int32
	off, addr     uint64
	len, opFlags  uint32
	userData      uint64
	rest          uint64 // personality from bit 16
	addr3         uint64
	_             uint64
}

// byRing has one entry carried out by a ring and returns its result.
func byRing(flags uint32, e ringEntry) (int, error) {
	p := ringParams{flags: flags &^ ringRights, idle: 1000}
	n, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return 0, fmt.Errorf("make a ring: %w", errno)
	}
	ring := int(n)
	if flags&ringRights != 0 {
		const registerPersonality = 9
		id, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, n, registerPersonality, 0, 0, 0, 0)
		if errno != 0 {
			return 0, fmt.Errorf("register rights: %w", errno)
		}
		e.rest = uint64(id) << 16
	}
	sq, err1 := unix.Mmap(ring, ringSQOffset, int(p.sq.array+p.sqEntries*4), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	cq, err2 := unix.Mmap(ring, ringCQOffset, int(p.cq.cqes+p.cqEntries*16), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	sqes, err3 := unix.Mmap(ring, ringSQEOffset, int(p.sqEntries)*64, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err := errors.Join(err1, err2, err3); err != nil {
		return 0, fmt.Errorf("map a ring: %w", err)
	}
	*(*ringEntry)(unsafe.Pointer(&sqes[0])) = e
	*(*uint32)(unsafe.Pointer(&sq[p.sq.array])) = 0
	atomic.AddUint32((*uint32)(unsafe.Pointer(&sq[p.sq.tail])), 1)
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, n, 1, 1, ringEntries|ringWake, 0, 0); errno != 0 {
		return 0, fmt.Errorf("enter a ring: %w", errno)
	}
	result := *(*int32)(unsafe.Pointer(&cq[p.cq.cqes+8]))
	if result < 0 {
		return 0, unix.Errno(-result)
	}
	return int(result), nil
}

func readByRing(ringFlags uint32, entryFlags uint8) func() error {
	return func() error {
		name := append([]byte(secret), 0)
		at := unix.AT_FDCWD
		return readFD(byRing(ringFlags, ringEntry{opcode: ringOpenat, flags: entryFlags, fd: int32(at), addr: uint64(uintptr(unsafe.Pointer(&name[0])))}))
	}
}

func socketByRing() error {
	_, err := byRing(0, ringEntry{opcode: ringSocket, flags: ringAsync, fd: unix.AF_INET, off: unix.SOCK_DGRAM})
	return err
}

func ioctlIfreq(fd int, request uint, value *unix.Ifreq) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(value))); errno != 0 {
		return errno
	}
	return nil
}
