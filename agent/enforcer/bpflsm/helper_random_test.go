package bpflsm

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// act is an operation that a task carries out in a container.
type act struct {
	Do                     string // read, write, chmod, truncate, times, exec, socket or call
	Name                   []byte // any bytes, which text would not keep
	Args                   []string
	Family, Type, Protocol int
	Number                 int // of a system call
}

// actsUntilTheEnd carries out what it is told, an act a line, and answers with the error's number.
func actsUntilTheEnd(in io.Reader, out io.Writer) error {
	null, err := unix.Open("/dev/null", unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	answers, acts := json.NewEncoder(out), json.NewDecoder(in)
	if err := answers.Encode(0); err != nil {
		return err
	}
	for {
		var a act
		if err := acts.Decode(&a); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var errno syscall.Errno
		if err := a.carryOut(uintptr(null)); err != nil && !errors.As(err, &errno) {
			return err
		}
		if err := answers.Encode(int(errno)); err != nil {
			return err
		}
	}
}

func (a act) carryOut(null uintptr) error {
	name := string(a.Name)
	switch a.Do {
	case "read", "write":
		flags := unix.O_RDONLY
		if a.Do == "write" {
			flags = unix.O_WRONLY
		}
		fd, err := unix.Open(name, flags, 0)
		if err == nil {
			err = unix.Close(fd)
		}
		return err
	case "chmod":
		return unix.Chmod(name, 0o755)
	case "truncate":
		return unix.Truncate(name, 4096)
	case "times":
		return unix.Utimes(name, make([]unix.Timeval, 2))
	case "socket":
		fd, err := unix.Socket(a.Family, a.Type, a.Protocol)
		if err == nil {
			err = unix.Close(fd)
		}
		return err
	case "call": // with arguments that lead nowhere
		const none = ^uintptr(0)
		_, _, failed := unix.Syscall6(uintptr(a.Number), none, none, none, none, none, none)
		return errno(failed)
	case "exec":
		pid, err := syscall.ForkExec(name, append([]string{name}, a.Args...), &syscall.ProcAttr{Files: []uintptr{null, null, null}})
		if err == nil {
			_, err = syscall.Wait4(pid, nil, 0, nil)
		}
		return err
	}
	return errors.New("no such act: " + a.Do)
}

// exits is a program for x86-64 that opens nothing and ends.
func exits() []byte { return machine("") }

// machine is a program for x86-64 of so much code: an ELF header, one segment that is loaded, the
// code, and exit(0).
func machine(code string) []byte {
	code += "\xb8\x3c\x00\x00\x00" + "\x31\xff" + "\x0f\x05" // mov eax, 60; xor edi, edi; syscall
	const head = 0x78
	size := string(binary.LittleEndian.AppendUint64(nil, uint64(head+len(code))))
	return []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00" + // 64 bits, little-endian
		"\x02\x00\x3e\x00\x01\x00\x00\x00" + // executable, x86-64
		"\x78\x00\x40\x00\x00\x00\x00\x00" + // starts at 0x400078
		"\x40\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + // segments, no sections
		"\x00\x00\x00\x00\x40\x00\x38\x00\x01\x00\x00\x00\x00\x00\x00\x00" +
		"\x01\x00\x00\x00\x05\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + // load, read and execute, from 0
		"\x00\x00\x40\x00\x00\x00\x00\x00" + "\x00\x00\x40\x00\x00\x00\x00\x00" + // to 0x400000
		size + size + "\x00\x10\x00\x00\x00\x00\x00\x00" + code)
}

func helpRandom(task []string) error {
	if task[0] == "acts" {
		return actsUntilTheEnd(os.Stdin, os.Stdout)
	}
	return helpTrace(task)
}
