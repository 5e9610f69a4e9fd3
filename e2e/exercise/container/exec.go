package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// Result is how a program ended that was run in a container.
type Result struct {
	Code   int
	Stdout string // with a terminal: all it printed
	Stderr string
}

// Refused says that the program did not start because the kernel denied it.
func (r Result) Refused() bool {
	return r.Code != 0 && strings.Contains(r.Stderr+r.Stdout, "permission denied")
}

func (r Result) String() string {
	return fmt.Sprintf("exit status %d, output %q, errors %q", r.Code, r.Stdout, r.Stderr)
}

// Exec runs a program in the container as `kubectl exec` does.
func (c *Container) Exec(ctx context.Context, args ...string) (Result, error) {
	cmd := c.oci.Exec(ctx, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return finish(cmd.Run(), func() (string, string) { return stdout.String(), stderr.String() })
}

// ExecTerminal runs a program in the container on a terminal, as `kubectl exec -it` does,
// and types the input.
func (c *Container) ExecTerminal(ctx context.Context, input string, args ...string) (Result, error) {
	master, slave, err := openTerminal()
	if err != nil {
		return Result{}, err
	}
	defer master.Close()
	cmd := exec.CommandContext(ctx, c.oci.Config.Runtime, append([]string{"exec", "--tty", c.Name}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if err := cmd.Start(); err != nil {
		slave.Close()
		return Result{}, fmt.Errorf("exec in container %s: %w", c.Name, err)
	}
	slave.Close()
	var screen strings.Builder
	var reading sync.WaitGroup
	// A terminal whose last user is gone answers reads with EIO: its end.
	reading.Go(func() { _, _ = io.Copy(&screen, master) })
	_, typed := io.WriteString(master, input)
	ended := cmd.Wait()
	reading.Wait()
	if typed != nil {
		return Result{}, fmt.Errorf("type on the terminal: %w", typed)
	}
	return finish(ended, func() (string, string) { return screen.String(), "" })
}

func finish(err error, output func() (string, string)) (Result, error) {
	var r Result
	r.Stdout, r.Stderr = output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.Code = exit.ExitCode()
		if r.Code < 0 {
			return r, fmt.Errorf("exec in the container: %w: %s", err, r)
		}
	case err != nil:
		return r, fmt.Errorf("exec in the container: %w", err)
	}
	return r, nil
}
