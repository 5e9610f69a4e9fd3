//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func programWays() []way {
	return []way{
		{name: "the program by its name", try: func() error { return runs(tool, toolCommand) }},
		{name: "the program under another argv[0]", try: func() error { return ran(&exec.Cmd{Path: tool, Args: []string{"sh", toolCommand}}) }},
		{name: "the program by a symbolic link", try: runByLink},
		{name: "the program as interpreter of a script", try: func() error { return runScript("#!" + tool + " " + toolCommand + "\n") }},
		{name: "the program as interpreter, with blanks before", try: func() error { return runScript("#! \t " + tool + " " + toolCommand + " \n") }},
		{name: "the program as interpreter, without end of line", try: func() error { return runScript("#!" + tool + " " + toolCommand) }},
		{name: "the program as interpreter of an interpreter", try: runNestedScript},
		{name: "the program by descriptor", try: func() error { return runByDescriptor(tool, toolCommand) }},
		{name: "the program through /proc/self/fd", try: runThroughProc},
		{name: "the program through /proc/1/root", try: func() error { return runs("/proc/1/root"+tool, toolCommand) }},
		{name: "the program from a chroot", try: func() error {
			return ran(&exec.Cmd{Path: "/tool", Args: []string{"tool", toolCommand}, SysProcAttr: &unix.SysProcAttr{Chroot: "/opt"}})
		}},
		{name: "the program by a thread", try: runByThread},
		{name: "the program in namespaces of its own", try: func() error {
			return ran(&exec.Cmd{Path: tool, Args: []string{"tool", toolCommand}, SysProcAttr: &unix.SysProcAttr{Cloneflags: everyNamespace}})
		}},
		{name: "the program mounted elsewhere", try: func() error { return runMounted() }},
		{name: "the program, deleted and held open", try: runDeleted},
		{name: "a copy of the program", try: runCopy, open: true},
		{name: "a copy of the program in memory", try: runInMemory},
		{name: "the program renamed", try: runRenamed},
	}
}

func runByLink() error {
	name, err := fresh()
	return errors.Join(err, os.Symlink(tool, name), runs(name, toolCommand))
}

func runScript(text string) error {
	name, err := fresh()
	return errors.Join(err, os.WriteFile(name, []byte(text), 0o755), runs(name))
}

func runNestedScript() error {
	name, err := fresh()
	return errors.Join(err, os.WriteFile(name, []byte("#!"+tool+" "+toolCommand+"\n"), 0o755), runScript("#!"+name+"\n"))
}

// runByDescriptor executes a file that is only named by a descriptor.
func runByDescriptor(program string, args ...string) error {
	fd, err := path(program)
	if err != nil {
		return err
	}
	return execDescriptor(fd, args...)
}

// execDescriptor runs execveat on a descriptor in place of this program, which then says
// what the tool says.
func execDescriptor(fd int, args ...string) error {
	argv, err := syscall.SlicePtrFromStrings(append([]string{"tool"}, args...))
	if err != nil {
		return err
	}
	envv := []*byte{nil}
	empty, _ := syscall.BytePtrFromString("")
	_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(empty)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])), unix.AT_EMPTY_PATH, 0)
	return fmt.Errorf("execveat: %w", errno)
}

func runThroughProc() error {
	fd, err := path(tool)
	if err != nil {
		return err
	}
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), []string{"tool", toolCommand}, nil)
}

// runByThread executes from a thread that is not the first: it takes the first's number.
func runByThread() error {
	failed := make(chan error)
	go func() { failed <- unix.Exec(tool, []string{"tool", toolCommand}, nil) }()
	return <-failed
}

func runCopy() error {
	name, err := copied()
	return errors.Join(err, runs(name, toolCommand))
}

func copied() (string, error) {
	name, err := fresh()
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	return name, errors.Join(copyOf("/proc/self/exe", f), f.Close())
}

func runInMemory() error {
	fd, err := unix.MemfdCreate("x", 0)
	if err != nil {
		return err
	}
	if err := copyOf("/proc/self/exe", os.NewFile(uintptr(fd), "x")); err != nil {
		return err
	}
	return execDescriptor(fd, toolCommand)
}

// runDeleted keeps the blocked program open, removes its name, and runs it.
func runDeleted() error {
	fd, err := path(toolTwo)
	if err != nil {
		return err
	}
	if err := os.Remove(toolTwo); err != nil {
		return err
	}
	return execDescriptor(fd, toolCommand)
}

func runRenamed() error {
	name, err := fresh()
	return errors.Join(err, os.Rename(toolThree, name), runs(name, toolCommand))
}

// Blocked like tool; these do not survive being tried.
const (
	toolTwo   = "/opt/tool-two"
	toolThree = "/opt/tool-three"
)
