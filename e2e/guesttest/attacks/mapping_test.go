//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	page            = 4096
	readImpliesExec = 0x0400000
)

// mappingWays bring the blocked program's code into memory and make it executable, which is
// all that a loader does.
func mappingWays() []way {
	code := unix.PROT_READ | unix.PROT_EXEC
	private := maps(code, unix.MAP_PRIVATE, nil)
	return []way{
		{name: "mapping the program", try: func() error { return private(tool) }},
		{name: "mapping the program, shared", try: func() error { return maps(code, unix.MAP_SHARED, nil)(tool) }},
		{name: "mapping the program, executable later", try: func() error { return maps(unix.PROT_READ, unix.MAP_PRIVATE, makesCode)(tool) }},
		{name: "mapping the program, executable later by key", try: func() error { return maps(unix.PROT_READ, unix.MAP_PRIVATE, makesCodeByKey)(tool) }},
		{name: "mapping the program, written to and executable later", try: func() error {
			return maps(unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE, func(m []byte) error { m[0]++; return makesCode(m) })(tool)
		}},
		{name: "mapping the program where reading implies executing", try: func() error {
			return errors.Join(setPersonality(readImpliesExec), maps(unix.PROT_READ, unix.MAP_PRIVATE, nil)(tool))
		}},
		{name: "mapping the program, remapped where reading implies executing", try: func() error {
			return mapsOf(unix.O_RDWR, unix.PROT_READ, unix.MAP_SHARED, remapsImplied)(tool)
		}},
		{name: "mapping the program by a link", try: mapsByLink(private)},
		{name: "mapping the program by descriptor", try: func() error {
			fd, err := path(tool)
			return errors.Join(err, private(fmt.Sprintf("/proc/self/fd/%d", fd)))
		}},
		{name: "mapping the program from a chroot", try: func() error { return errors.Join(unix.Chroot("/opt"), private("/tool")) }},
		{name: "mapping the program mounted elsewhere", try: inOwnMounts(func(at string) error {
			return errors.Join(bind("/opt", at), private(at+"/tool"))
		})},
		{name: "mapping the program by a thread", try: func() error {
			failed := make(chan error)
			go func() { failed <- private(tool) }()
			return <-failed
		}},
		{name: "mapping the program, deleted and held open", try: func() error {
			fd, err := unix.Open(toolFour, unix.O_RDONLY, 0)
			return errors.Join(err, os.Remove(toolFour), private(fmt.Sprintf("/proc/self/fd/%d", fd)))
		}},
	}
}

// toolFour is blocked as well; being tried takes it away.
const toolFour = "/opt/tool-four"

func maps(protection, flags int, then func([]byte) error) func(string) error {
	return mapsOf(unix.O_RDONLY, protection, flags, then)
}

func mapsOf(mode, protection, flags int, then func([]byte) error) func(string) error {
	return func(name string) error {
		fd, err := unix.Open(name, mode, 0)
		if err != nil {
			return fmt.Errorf("reading it is not withheld: %v", err)
		}
		m, err := unix.Mmap(fd, 0, page, protection, flags)
		if err == nil && then != nil {
			err = then(m)
		}
		return err
	}
}

func makesCode(m []byte) error { return unix.Mprotect(m, unix.PROT_READ|unix.PROT_EXEC) }

func makesCodeByKey(m []byte) error {
	none := -1
	_, _, errno := unix.Syscall6(unix.SYS_PKEY_MPROTECT, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), unix.PROT_READ|unix.PROT_EXEC, uintptr(none), 0, 0)
	return failed(errno)
}

func failed(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

func setPersonality(persona uintptr) error {
	_, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, persona, 0, 0)
	return failed(errno)
}

// remapsImplied asks for the same mapping again once reading implies executing.
func remapsImplied(m []byte) error {
	if err := setPersonality(readImpliesExec); err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_REMAP_FILE_PAGES, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), 0, 0, 0, 0)
	return failed(errno)
}

func mapsByLink(act func(string) error) func() error {
	return func() error {
		name, err := fresh()
		return errors.Join(err, os.Symlink(tool, name), act(name))
	}
}
