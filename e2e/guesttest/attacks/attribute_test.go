//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attributeWays change what a file is like, not what it holds.
func attributeWays() []way {
	return []way{
		{name: "changing its times", try: func() error { return unix.Utimes(secret, make([]unix.Timeval, 2)) }},
		{name: "changing its times by descriptor path", try: byPath(func(name string) error { return unix.Utimes(name, make([]unix.Timeval, 2)) })},
		{name: "changing its times now", try: func() error {
			now := []unix.Timespec{{Nsec: unix.UTIME_NOW}, {Nsec: unix.UTIME_OMIT}}
			return unix.UtimesNanoAt(unix.AT_FDCWD, secret, now, 0)
		}},
		{name: "changing its times in namespaces of its own", try: func() error {
			return again("changing its times", unix.SysProcAttr{Cloneflags: everyNamespace})
		}},
		{name: "changing its times from a chroot", try: func() error {
			return errors.Join(unix.Chroot("/secret"), unix.Utimes("/deep/file", make([]unix.Timeval, 2)))
		}},
		{name: "changing its attributes", try: func() error { return unix.Setxattr(secret, "trusted.x", []byte("y"), 0) }},
		{name: "changing its attributes, by descriptor path", try: byPath(func(name string) error { return unix.Setxattr(name, "trusted.x", []byte("y"), 0) })},
		{name: "changing its attributes where it is mounted elsewhere", try: inOwnMounts(func(at string) error {
			return errors.Join(bind("/secret", at), unix.Setxattr(at+"/deep/file", "trusted.x", []byte("y"), 0))
		})},
		{name: "changing its attributes by io_uring", try: func() error { return setxattrByRing(0, 0) }},
		{name: "changing its attributes by io_uring's worker", try: func() error { return setxattrByRing(0, ringAsync) }},
		{name: "changing its attributes by io_uring with rights set aside", try: func() error { return setxattrByRing(ringRights, ringAsync) }},
		{name: "removing its attributes", try: func() error { return removes(secret, "trusted.taken") }},
		{name: "giving it a capability", try: func() error { return unix.Setxattr(secret, "security.capability", fileCapability(), 0) }},
		{name: "giving it an access list", try: func() error { return unix.Setxattr(secret, accessList, someAccessList(), 0) }},
		{name: "taking its access list", try: func() error { return removes(secret, accessList) }},
		{name: "giving its folder an access list", try: func() error { return unix.Setxattr("/secret", accessList, someAccessList(), 0) }},
		{name: "making it immutable", try: flags(kept, unix.FS_IOC_GETFLAGS, unix.FS_IOC_SETFLAGS, 4)},
		{name: "setting its extended flags", try: flags(kept, 0x801c581f, 0x401c5820, 28)},
		{name: "setting its folder's flags", try: flags("/volume/kept", unix.FS_IOC_GETFLAGS, unix.FS_IOC_SETFLAGS, 4)},
		{name: "setting its flags by file_setattr", try: fileSetattr},
		{name: "setting its flags through another mount", try: inOwnMounts(func(at string) error {
			return errors.Join(bind("/volume", at), flags(at+"/kept/file", unix.FS_IOC_GETFLAGS, unix.FS_IOC_SETFLAGS, 4)())
		})},
		{name: "removing it by io_uring", try: func() error { return byRingAt(ringUnlinkat, "/secret/spare-two", 0) }},
		{name: "renaming it by io_uring", try: func() error {
			return errors.Join(ringNames(ringRenameat, secret, "/work/by-ring"), os.Rename("/work/by-ring", secret))
		}},
		{name: "making a folder by io_uring", try: func() error {
			return undone(byRingAt(ringMkdirat, "/secret/deep/by-ring", 0o755), "/secret/deep/by-ring")
		}},
	}
}

const accessList = "system.posix_acl_access"

// byPath gives a way the file's name in /proc: its descriptor was never opened to read.
func byPath(act func(name string) error) func() error {
	return func() error {
		fd, err := path(secret)
		if err != nil {
			return err
		}
		return act(fmt.Sprintf("/proc/self/fd/%d", fd))
	}
}

// removes takes an attribute away; that there is none is what the kernel says last.
func removes(name, attribute string) error {
	if err := unix.Removexattr(name, attribute); !errors.Is(err, unix.ENODATA) {
		return err
	}
	return nil
}

// someAccessList is user::rw-, group::r--, other::r--.
func someAccessList() []byte {
	return []byte{2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 4, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255}
}

// fileCapability is an empty set of the second version.
func fileCapability() []byte { return append([]byte{0, 0, 0, 2}, make([]byte, 16)...) }

// kept is a file on a disk that may be read.
const kept = "/volume/kept/file"

// flags writes back the flags that a file has.
func flags(name string, get, set uint, size int) func() error {
	return func() error {
		fd, err := unix.Open(name, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		data := make([]byte, size)
		for _, request := range []uint{get, set} {
			if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(&data[0]))); errno != 0 {
				return errno
			}
		}
		return nil
	}
}

// fileSetattr sets flags by name, by the system call that Linux 6.17 brought; before, by ioctl.
func fileSetattr() error {
	const getNumber, setNumber = 468, 469
	name, err := syscall.BytePtrFromString(kept)
	if err != nil {
		return err
	}
	var attributes [24]byte
	at := unix.AT_FDCWD
	for _, number := range []uintptr{getNumber, setNumber} {
		_, _, errno := unix.Syscall6(number, uintptr(at), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&attributes[0])), unsafe.Sizeof(attributes), 0, 0)
		if errno == unix.ENOSYS {
			return flags(kept, unix.FS_IOC_GETFLAGS, unix.FS_IOC_SETFLAGS, 4)()
		}
		if errno != 0 {
			return errno
		}
	}
	return nil
}

// setxattrByRing sets an attribute by name.
func setxattrByRing(ringFlags uint32, entryFlags uint8) error {
	attribute, value, name := append([]byte("trusted.x"), 0), []byte("y"), append([]byte(secret), 0)
	_, err := byRing(ringFlags, ringEntry{
		opcode: ringSetxattr, flags: entryFlags, addr: address(attribute), off: address(value), len: 1, addr3: address(name),
	})
	return err
}

// byRingAt has a ring change a folder's entry.
func byRingAt(opcode uint8, name string, mode uint32) error {
	entry, at := append([]byte(name), 0), unix.AT_FDCWD
	_, err := byRing(0, ringEntry{opcode: opcode, flags: ringAsync, fd: int32(at), addr: address(entry), len: mode})
	runtime.KeepAlive(entry)
	return err
}

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }
