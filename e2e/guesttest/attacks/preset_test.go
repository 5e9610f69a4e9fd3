//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// presetWays do what presets withhold: another task's environment and /proc entry, programs
// without a file, code in memory.
func presetWays() []way {
	const environ = "/proc/1/environ"
	return append([]way{
		{name: "another's environment", try: opens(environ, unix.O_RDONLY)},
		{name: "another's environment, by its thread", try: opens("/proc/1/task/1/environ", unix.O_RDONLY)},
		{name: "another's environment, in another proc", try: inOwnMounts(func(at string) error {
			return errors.Join(unix.Mount("proc", at, "proc", 0, ""), opens(at+"/1/environ", unix.O_RDONLY)())
		})},
		{name: "another's environment, of proc mounted elsewhere", try: inOwnMounts(func(at string) error {
			return errors.Join(bind("/proc", at), opens(at+"/1/environ", unix.O_RDONLY)())
		})},
		{name: "another's environment, from a chroot", try: func() error {
			return errors.Join(unix.Chroot("/proc"), opens("/1/environ", unix.O_RDONLY)())
		}},
		{name: "another's environment, by its folder's descriptor", try: func() error {
			dir, err := path("/proc/1")
			if err != nil {
				return err
			}
			_, err = unix.Openat(dir, "environ", unix.O_RDONLY, 0)
			return err
		}},
		{name: "another's environment, by io_uring", try: func() error {
			name := append([]byte(environ), 0)
			at := unix.AT_FDCWD
			_, err := byRing(0, ringEntry{opcode: ringOpenat, flags: ringAsync, fd: int32(at), addr: address(name)})
			return err
		}},
		{name: "another's memory map", try: opens("/proc/1/maps", unix.O_RDONLY)},
		{name: "another's memory", try: opens("/proc/1/mem", unix.O_RDWR)},
		{name: "another's network table", try: opens("/proc/1/net/tcp", unix.O_RDONLY)},
	}, codeWays()...)
}

func codeWays() []way {
	code := unix.PROT_READ | unix.PROT_EXEC
	all := code | unix.PROT_WRITE
	return []way{
		{name: "a copy of the program in memory, through /proc/self/fd", try: runInMemoryByName},
		{name: "a copy of the program, deleted", try: runDeletedCopy},
		{name: "a copy of the program that never had a name", try: runNameless},
		{name: "code in memory", try: mapsMemory(unix.MAP_PRIVATE, all, nil)},
		{name: "code in shared memory", try: mapsMemory(unix.MAP_SHARED, all, nil)},
		{name: "code in memory, later", try: mapsMemory(unix.MAP_PRIVATE, unix.PROT_READ|unix.PROT_WRITE, makesCode)},
		{name: "code in memory, where reading implies executing", try: func() error {
			return errors.Join(setPersonality(readImpliesExec), mapsMemory(unix.MAP_PRIVATE, unix.PROT_READ, nil)())
		}},
		{name: "code in a memfd", try: func() error {
			fd, err := unix.MemfdCreate("x", 0)
			err = errors.Join(err, unix.Ftruncate(fd, page))
			if err == nil {
				_, err = unix.Mmap(fd, 0, page, code, unix.MAP_SHARED)
			}
			return err
		}},
		{name: "code in a device of zeroes", try: func() error { return maps(all, unix.MAP_PRIVATE, nil)("/dev/zero") }},
		{name: "code in a changed file", try: func() error { return maps(all, unix.MAP_PRIVATE, nil)("/intruder") }},
		{name: "code in a changed file, later", try: func() error {
			return maps(unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE, func(m []byte) error { m[0]++; return makesCode(m) })("/intruder")
		}},
		{name: "code that is to be changed", try: func() error {
			return maps(code, unix.MAP_PRIVATE, func(m []byte) error { return unix.Mprotect(m, all) })("/intruder")
		}},
		{name: "code in a segment of shared memory", try: func() error {
			id, err := unix.SysvShmGet(unix.IPC_PRIVATE, page, unix.IPC_CREAT|0o700)
			if err == nil {
				_, err = unix.SysvShmAttach(id, 0, 0o100000)
			}
			return err
		}},
		{name: "code on the stack", try: func() error {
			var here byte
			at := uintptr(unsafe.Pointer(&here)) &^ (page - 1)
			_, _, errno := unix.Syscall(unix.SYS_MPROTECT, at, page, uintptr(all))
			return failed(errno)
		}},
	}
}

func mapsMemory(flags, protection int, then func([]byte) error) func() error {
	return func() error {
		m, err := unix.Mmap(-1, 0, page, protection, flags|unix.MAP_ANON)
		if err == nil && then != nil {
			m[0] = 0xc3
			err = then(m)
		}
		return err
	}
}

func runInMemoryByName() error {
	fd, err := unix.MemfdCreate("x", 0)
	if err != nil {
		return err
	}
	if err := copyOf("/proc/self/exe", os.NewFile(uintptr(fd), "x")); err != nil {
		return err
	}
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), []string{"tool", toolCommand}, nil)
}

func runDeletedCopy() error {
	name, err := copied()
	if err != nil {
		return err
	}
	fd, err := path(name)
	if err := errors.Join(err, os.Remove(name)); err != nil {
		return err
	}
	return execDescriptor(fd, toolCommand)
}

// runNameless executes a file that was made without a name, by a descriptor to read.
func runNameless() error {
	fd, err := unix.Open("/volume", unix.O_TMPFILE|unix.O_RDWR, 0o700)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "x")
	if err := copyOf("/proc/self/exe", f); err != nil {
		return err
	}
	read, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDONLY, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return execDescriptor(read, toolCommand)
}
