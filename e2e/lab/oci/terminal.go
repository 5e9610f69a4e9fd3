package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ExecTerminal runs a program in the container with a controlling terminal and
// returns what it printed there. The error is the program's, as Exec's is.
func (c *Container) ExecTerminal(ctx context.Context, args ...string) ([]byte, error) {
	master, slave, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("exec in container %s: %w", c.Config.ID, err)
	}
	defer master.Close()
	cmd := exec.CommandContext(ctx, c.Config.Runtime, append([]string{"exec", "--tty", c.Config.ID}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := errors.Join(cmd.Start(), slave.Close()); err != nil {
		return nil, fmt.Errorf("exec in container %s: %w", c.Config.ID, err)
	}
	// Reading fails once nobody has the other side open, which is how it ends.
	var output bytes.Buffer
	_, _ = io.Copy(&output, master)
	return bytes.ReplaceAll(output.Bytes(), []byte("\r\n"), []byte("\n")), cmd.Wait()
}

// openTerminal opens a new pseudo-terminal.
func openTerminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("unlock a terminal: %w", err), master.Close())
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("name a terminal: %w", err), master.Close())
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open a terminal: %w", err), master.Close())
	}
	return master, slave, nil
}
