package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	pages           = 2
	readImpliesExec = 0x0400000
)

// mapCalls make a file's mapping executable, each in another manner; one only reads.
func mapCalls() map[string]func(file string) error {
	return map[string]func(string) error{
		"private":              mapped(unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE, nil),
		"shared":               mapped(unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED, nil),
		"later":                mapped(unix.PROT_READ, unix.MAP_PRIVATE, protect),
		"later, shared":        mapped(unix.PROT_READ, unix.MAP_SHARED, protect),
		"later, with a key":    mapped(unix.PROT_READ, unix.MAP_PRIVATE, protectWithKey),
		"later, written to":    mapped(unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE, writeAndProtect),
		"implied by reading":   implied(func(f string) error { return mapped(unix.PROT_READ, unix.MAP_PRIVATE, nil)(f) }),
		"implied by remapping": remapped,
		"only reading":         mapped(unix.PROT_READ, unix.MAP_PRIVATE, nil),
	}
}

// mapped maps a file and goes on with the mapping.
func mapped(protection, flags int, then func(m []byte) error) func(string) error {
	return mappedOf(unix.O_RDONLY, protection, flags, then)
}

func mappedOf(mode, protection, flags int, then func(m []byte) error) func(string) error {
	return func(name string) error {
		fd, err := unix.Open(name, mode, 0)
		if err != nil {
			return fmt.Errorf("the open was to be allowed: %w", err)
		}
		m, err := unix.Mmap(fd, 0, pages*os.Getpagesize(), protection, flags)
		if err == nil && then != nil {
			err = then(m)
		}
		return err
	}
}

func protect(m []byte) error { return unix.Mprotect(m, unix.PROT_READ|unix.PROT_EXEC) }

func writeAndProtect(m []byte) error {
	m[0]++
	return protect(m)
}

func protectWithKey(m []byte) error {
	none := -1
	_, _, errno := unix.Syscall6(unix.SYS_PKEY_MPROTECT, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), unix.PROT_READ|unix.PROT_EXEC, uintptr(none), 0, 0)
	return noError(errno)
}

func noError(errno syscall.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// implied acts while what may be read may be executed.
func implied(act func(string) error) func(string) error {
	return func(name string) error {
		set := func(persona uintptr) error {
			_, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, persona, 0, 0)
			return noError(errno)
		}
		return errors.Join(set(readImpliesExec), act(name), set(0))
	}
}

// remapped maps for reading and asks for the same once more, when that means executing.
func remapped(name string) error {
	return mappedOf(unix.O_RDWR, unix.PROT_READ, unix.MAP_SHARED, func(m []byte) error {
		return implied(func(string) error {
			_, _, errno := unix.Syscall6(unix.SYS_REMAP_FILE_PAGES, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), 0, 0, 0, 0)
			return noError(errno)
		})("")
	})(name)
}

// memoryCalls make memory executable; the last ones are what every dynamic program does.
func memoryCalls() map[string]func(file string) error {
	anonymous := func(flags, protection int, then func([]byte) error) func(string) error {
		return func(string) error {
			m, err := unix.Mmap(-1, 0, pages*os.Getpagesize(), protection, flags|unix.MAP_ANON)
			if err == nil && then != nil {
				err = then(m)
			}
			return err
		}
	}
	everything := unix.PROT_READ | unix.PROT_WRITE | unix.PROT_EXEC
	return map[string]func(string) error{
		"anonymous":               anonymous(unix.MAP_PRIVATE, everything, nil),
		"anonymous, not to write": anonymous(unix.MAP_PRIVATE, unix.PROT_READ|unix.PROT_EXEC, nil),
		"anonymous and shared":    anonymous(unix.MAP_SHARED, everything, nil),
		"anonymous, later":        anonymous(unix.MAP_PRIVATE, unix.PROT_READ|unix.PROT_WRITE, writeAndProtect),
		"anonymous, with a key":   anonymous(unix.MAP_PRIVATE, unix.PROT_READ|unix.PROT_WRITE, protectWithKey),
		"anonymous, implied":      implied(anonymous(unix.MAP_PRIVATE, unix.PROT_READ, nil)),
		"a file's, to be written": mapped(everything, unix.MAP_PRIVATE, nil),
		"a file's, written":       mapped(unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE, writeAndProtect),
		"a file's code, to be written": mapped(unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE, func(m []byte) error {
			return unix.Mprotect(m, everything)
		}),
		"a memfd":       mapsMemfd,
		"a segment":     mapsSegment,
		"/dev/zero":     func(string) error { return mapped(everything, unix.MAP_PRIVATE, nil)("/dev/zero") },
		"code: private": mapped(unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE, nil),
		"code: shared":  mapped(unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED, nil),
		"code: later":   mapped(unix.PROT_READ, unix.MAP_PRIVATE, protect),
	}
}

func mapsMemfd(string) error {
	fd, err := unix.MemfdCreate("x", 0)
	if err == nil {
		err = unix.Ftruncate(fd, int64(pages*os.Getpagesize()))
	}
	if err == nil {
		_, err = unix.Mmap(fd, 0, pages*os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED)
	}
	return err
}

// mapsSegment attaches System V shared memory to execute it.
func mapsSegment(string) error {
	const executable = 0o100000
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, pages*os.Getpagesize(), unix.IPC_CREAT|0o700)
	if err == nil {
		_, err = unix.SysvShmAttach(id, 0, executable)
	}
	return err
}

// procReads open entries of /proc; the argument is a folder to mount another proc on.
func procReads() map[string]func(at string) error {
	reads := map[string]func(string) error{
		"another's environ in another proc": func(at string) error {
			err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("proc", at, "proc", 0, ""))
			return errors.Join(err, open(at+"/1/environ"))
		},
		"own thread's environ": func(string) error {
			entries, err := os.ReadDir("/proc/self/task")
			for _, e := range entries {
				err = errors.Join(err, open(fmt.Sprintf("/proc/%d/task/%s/environ", os.Getpid(), e.Name())))
			}
			return err
		},
	}
	for what, name := range map[string]string{
		"another's environ": "/proc/1/environ", "another's thread's environ": "/proc/1/task/1/environ",
		"another's status": "/proc/1/status", "another's folder": "/proc/1", "another's network": "/proc/1/net/dev",
		"own environ": "/proc/self/environ", "own environ by number": fmt.Sprintf("/proc/%d/environ", os.Getpid()), "own network": "/proc/net/dev",
		"nobody's": "/proc/meminfo",
	} {
		reads[what] = func(string) error { return open(name) }
	}
	return reads
}

// executeWhen executes a program once a file exists.
func executeWhen(file, program string) error {
	for {
		if _, err := os.Stat(file); err == nil {
			return unix.Exec(program, []string{program}, nil)
		}
	}
}
