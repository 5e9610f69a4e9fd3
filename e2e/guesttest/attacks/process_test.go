//go:build guest

package attacks

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const everyNamespace = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP

// again tries a way in a process that is started in another manner.
func again(name string, how unix.SysProcAttr) error { return ranTry("/proc/self/exe", name, how) }

func ranTry(program, name string, how unix.SysProcAttr) error {
	cmd := exec.Command(program, tryCommand, name)
	cmd.SysProcAttr = &how
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// inUserNamespace makes the caller root of a user namespace with others.
func inUserNamespace(others uintptr) unix.SysProcAttr {
	own := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
	return unix.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | others, UidMappings: own, GidMappings: own}
}

// runs starts a program that must be the tool.
func runs(name string, args ...string) error { return ran(exec.Command(name, args...)) }

func ran(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil && !strings.Contains(string(out), toolSays) {
		err = fmt.Errorf("it ran and said %q", out)
	}
	return err
}

// copyOf copies a program to a descriptor or file.
func copyOf(program string, to *os.File) error {
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	_, err = to.Write(text)
	return err
}
