package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Container is a container that a runtime has made. Delete must be called in the end.
type Container struct {
	Config   Config   // with all defaults filled in
	Output   *Output  // what the process prints
	Terminal *os.File // the terminal's master side, if the process has one

	copied chan struct{} // closed when the output has ended
}

// Create makes a container whose process waits for Start: namespaces and cgroup
// are there, the program isn't running.
func Create(ctx context.Context, config Config) (*Container, error) {
	config, err := makeBundle(config)
	if err != nil {
		return nil, err
	}
	c := &Container{Config: config, Output: &Output{}, copied: make(chan struct{})}
	create := c.createPlain
	if config.Terminal {
		create = c.createWithTerminal
	}
	if err := create(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("create container %s: %w", config.ID, err), removeBundle(config))
	}
	return c, nil
}

// createPlain hands the process a pipe of its own: it keeps it open after the
// runtime has returned.
func (c *Container) createPlain(ctx context.Context) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	err = errors.Join(c.create(ctx, write), write.Close())
	go c.copyOutput(read)
	return err
}

func (c *Container) createWithTerminal(ctx context.Context) error {
	socket, err := listenForConsole(c.Config.Bundle)
	if err != nil {
		return err
	}
	defer socket.close()
	if err := c.create(ctx, nil, "--console-socket", socket.path); err != nil {
		return err
	}
	// The runtime has sent it by now; it is waiting in the socket.
	c.Terminal, err = socket.receive()
	if err != nil {
		return err
	}
	go c.copyOutput(c.Terminal)
	return nil
}

func (c *Container) create(ctx context.Context, output *os.File, flags ...string) error {
	log := filepath.Join(c.Config.Bundle, "runtime.log")
	args := append([]string{"--log", log, "create", "--bundle", c.Config.Bundle}, flags...)
	cmd := exec.CommandContext(ctx, c.Config.Runtime, append(args, c.Config.ID)...)
	if output != nil {
		cmd.Stdout, cmd.Stderr = output, output
	}
	if err := cmd.Run(); err != nil {
		// Without a log the error alone has to do.
		why, _ := os.ReadFile(log)
		return fmt.Errorf("%s: %w: %s", c.Config.Runtime, err, bytes.TrimSpace(why))
	}
	return nil
}

// copyOutput ends when the last process that holds the other side has; a
// terminal then gives an error, which is its way of ending.
func (c *Container) copyOutput(from *os.File) {
	defer close(c.copied)
	_, _ = io.Copy(c.Output, from)
	from.Close()
}

// Start lets the process run its program.
func (c *Container) Start(ctx context.Context) error { return c.run(ctx, "start", c.Config.ID) }

// Wait returns once the process and all that share its output have ended.
func (c *Container) Wait(ctx context.Context) error {
	select {
	case <-c.copied:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for container %s: %w", c.Config.ID, context.Cause(ctx))
	}
}

// Exec is a program to be run in the container, as the container's user.
func (c *Container) Exec(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, c.Config.Runtime, append([]string{"exec", c.Config.ID}, args...)...)
}

// Kill sends a signal to the container's first process.
func (c *Container) Kill(ctx context.Context, signal string) error {
	return c.run(ctx, "kill", c.Config.ID, signal)
}

// State is what the runtime says about a container.
type State struct {
	PID    int    `json:"pid"`
	Status string `json:"status"` // created, running, stopped
}

// State asks the runtime.
func (c *Container) State(ctx context.Context) (State, error) {
	var s State
	out, err := exec.CommandContext(ctx, c.Config.Runtime, "state", c.Config.ID).Output()
	if err != nil {
		return s, fmt.Errorf("state of container %s: %s: %w", c.Config.ID, c.Config.Runtime, err)
	}
	if err := json.Unmarshal(out, &s); err != nil {
		return s, fmt.Errorf("state of container %s: %w", c.Config.ID, err)
	}
	return s, nil
}

// Rootfs is the container's root as a folder of the guest.
func (c *Container) Rootfs() string { return filepath.Join(c.Config.Bundle, "rootfs") }

// CgroupDir is the container's cgroup as a folder of the guest.
func (c *Container) CgroupDir() string { return filepath.Join("/sys/fs/cgroup", c.Config.Cgroup) }

// Delete kills what still runs and removes the container with all it wrote.
func (c *Container) Delete(ctx context.Context) error {
	return errors.Join(c.run(ctx, "delete", "--force", c.Config.ID), removeBundle(c.Config))
}

func (c *Container) run(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, c.Config.Runtime, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s container %s: %s: %w: %s", args[0], c.Config.ID, c.Config.Runtime, err, strings.TrimSpace(string(out)))
	}
	return nil
}
