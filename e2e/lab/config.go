package lab

import (
	"fmt"
	"io"
	"time"

	"kubearmor.io/e2e/lab/kernel"
	"kubearmor.io/e2e/lab/qemu"
	"kubearmor.io/e2e/lab/tree"
)

// Add puts a file or folder of the host into the guest.
type Add = tree.Graft

// Forward makes a guest's TCP port reachable on the host's loopback.
type Forward = qemu.Forward

// Config says what to boot and, for Run, which command to run.
type Config struct {
	Kernel     string   // a line of package kernel; empty: 6.1
	LSM        string   // "bpf" (or empty): the kernel's list and bpf; "default": the kernel's list; else a literal list
	Parameters []string // more words on the kernel's command line
	Memory     int      // MiB; 0: 1024
	CPUs       int      // 0: 2
	// CountInstructions makes equal runs cost equal numbers of instructions, on
	// one processor: the guest's clock counts them, a nanosecond each.
	CountInstructions bool
	Add               []Add
	Images            []string // container images, each at /images/NAME/rootfs
	Forward           []Forward
	BootTimeout       time.Duration // 0: two minutes

	Command []string
	Env     []string // NAME=VALUE, added to the guest's environment
	Dir     string
	Stdin   io.Reader // nil: /dev/null
	Stdout  io.Writer
	Stderr  io.Writer

	Console  io.Writer // what the kernel prints; kept for the error report in any case
	Progress io.Writer // what the lab is doing while it prepares
	Refresh  bool      // ask the archive for a newer kernel
}

const (
	defaultKernel      = "6.1"
	defaultMemory      = 1024
	defaultCPUs        = 2
	defaultBootTimeout = 2 * time.Minute
)

func (c Config) withDefaults() Config {
	if c.Kernel == "" {
		c.Kernel = defaultKernel
	}
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	if c.CPUs == 0 {
		c.CPUs = defaultCPUs
	}
	if c.BootTimeout == 0 {
		c.BootTimeout = defaultBootTimeout
	}
	for _, w := range []*io.Writer{&c.Stdout, &c.Stderr, &c.Console, &c.Progress} {
		if *w == nil {
			*w = io.Discard
		}
	}
	return c
}

func (c Config) validate() error {
	if _, err := kernel.FindLine(c.Kernel); err != nil {
		return err
	}
	if c.Memory < 256 {
		return fmt.Errorf("memory of %d MiB is too little for a guest: give at least 256", c.Memory)
	}
	if c.CPUs < 1 {
		return fmt.Errorf("a guest needs a processor, not %d", c.CPUs)
	}
	return nil
}
