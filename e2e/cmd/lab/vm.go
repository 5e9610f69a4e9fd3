package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"
	"kubearmor.io/e2e/lab"
)

const vmExample = `  lab vm -- uname -r
  lab vm --kernel 6.12 --lsm apparmor,bpf -- cat /sys/kernel/security/lsm
  lab vm --lsm default -- kubearmor-agent --version
  lab vm --add ./testdata:/testdata -- sh -c 'ls -l /testdata'
  lab vm --image web-app -- chroot /images/web-app/rootfs nginx -t
  lab vm --icount -- perf-loop
  tar c . | lab vm --stdin -- tar t`

// vmFlags are the flags of `lab vm` before they are checked.
type vmFlags struct {
	config  lab.Config
	add     []string
	forward []string
	timeout time.Duration
	stdin   bool
	console bool
	quiet   bool
}

func newVMCommand() *cobra.Command {
	var f vmFlags
	cmd := &cobra.Command{
		Use:   "vm [flags] -- COMMAND [ARGUMENT...]",
		Short: "Boot a guest and run a command in it",
		Long: `Boot a throw-away guest, run the command in it as root and exit with its status.
128 plus a signal's number means that the signal ended it, 125 that the lab failed.

The guest is cut off from the network. It has the repository's programs (bin/),
busybox, the tools of AppArmor and SELinux, runc and containerd. Everything it
writes is lost.`,
		Example: vmExample,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := f.parse(args)
			if err != nil {
				return err
			}
			return f.within(cmd.Context(), func(ctx context.Context) (int, error) { return lab.Run(ctx, config) })
		},
	}
	// What follows the command belongs to it.
	cmd.Flags().SetInterspersed(false)
	f.register(cmd)
	return cmd
}

func (f *vmFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.config.Kernel, "kernel", "6.1", "kernel line: 5.10, 6.1, 6.12 or newest")
	flags.StringVar(&f.config.LSM, "lsm", "bpf", "active security modules: bpf (the kernel's own list, and bpf), default (the kernel's own list), or a literal list")
	flags.StringArrayVar(&f.config.Parameters, "append", nil, "more words for the kernel's command line")
	flags.IntVar(&f.config.Memory, "memory", 1024, "memory in MiB")
	flags.IntVar(&f.config.CPUs, "cpus", 2, "number of processors")
	flags.BoolVar(&f.config.CountInstructions, "icount", false, "run the guest's clock on instructions, so that equal loops cost equal numbers, to one in a hundred thousand (one processor)")
	flags.StringArrayVar(&f.add, "add", nil, "put a file or folder into the guest, as HOSTPATH:GUESTPATH")
	flags.StringSliceVar(&f.config.Images, "image", nil, "container image to have at /images/NAME/rootfs")
	flags.StringSliceVar(&f.forward, "forward", nil, "make a guest's TCP port reachable on the host's loopback, as HOSTPORT:GUESTPORT")
	flags.StringArrayVar(&f.config.Env, "env", nil, "environment variable, as NAME=VALUE")
	flags.StringVar(&f.config.Dir, "dir", "", "working folder in the guest")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "limit for all of it")
	flags.BoolVar(&f.stdin, "stdin", false, "pass standard input to the command")
	flags.BoolVar(&f.console, "console", false, "show what the kernel prints, on standard error")
	flags.BoolVar(&f.config.Refresh, "refresh", false, "ask the archive for a newer build of the kernel")
	flags.BoolVar(&f.quiet, "quiet", false, "don't say what takes time")
}

// parse turns the flags into a configuration.
func (f *vmFlags) parse(args []string) (lab.Config, error) {
	config := f.config
	config.Command = args
	config.Stdout, config.Stderr = os.Stdout, os.Stderr
	if f.stdin {
		config.Stdin = os.Stdin
	}
	if f.console {
		config.Console = os.Stderr
	}
	if !f.quiet {
		config.Progress = os.Stderr
	}
	for _, text := range f.add {
		add, err := parseAdd(text)
		if err != nil {
			return config, err
		}
		config.Add = append(config.Add, add)
	}
	for _, text := range f.forward {
		forward, err := parseForward(text)
		if err != nil {
			return config, err
		}
		config.Forward = append(config.Forward, forward)
	}
	return config, nil
}
