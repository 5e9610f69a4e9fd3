package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"kubearmor.io/agent/alert"
	"kubearmor.io/agent/attach"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/enforcer/bpflsm"
	"kubearmor.io/agent/policyset"
)

// attachFlags are the flags of attach.
type attachFlags struct {
	options           attach.Options
	labels            string
	events, output    string
	readyFile         string
	eventBufferKBytes uint32
}

func attachCommand() *cobra.Command {
	var f attachFlags
	cmd := &cobra.Command{
		Use:   "attach --pid PID --name NAME --policies DIR",
		Short: "Enforce the policies of a folder on a running container",
		Long: `Enforce the policies of a folder on the container that a process belongs to, that is on
its cgroup, until SIGTERM. The folder is read again when it changes; a folder with a bad file changes
nothing.

A rule that can't be carried out here takes part in no decision: the agent says so in its log, rule by
rule ("not enforced"), and puts the others in force. Policies for hosts are logged likewise.

The container's mounts are recorded once, at the start. What was open then stays open. When the agent
ends, so does enforcement; the container goes on without it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.options.PID, "pid", 0, "a process of the container")
	flags.StringVar(&f.options.Identity.Name, "name", "", "the container's name")
	flags.StringVar(&f.options.Identity.Namespace, "namespace", "", "its namespace, which counts where labels are given; without it a policy of any namespace counts")
	flags.StringVar(&f.labels, "labels", "", "its labels, as name=value,...; without them every policy counts as selected")
	flags.StringVar(&f.options.Policies, "policies", "", "folder of policy files")
	flags.StringVar(&f.events, "events", "", "file to append events to; - is standard output")
	flags.StringVar(&f.output, "output", "json", "form of the events: text or json")
	flags.StringVar(&f.readyFile, "ready-file", "", "file to create when the policies are in force")
	flags.Uint32Var(&f.eventBufferKBytes, "event-buffer", 1024, "KiB of events that the kernel holds, a power of two")
	for _, name := range []string{"pid", "name", "policies"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (f *attachFlags) run(cmd *cobra.Command) (err error) {
	labels, err := policyset.ParseLabels(f.labels)
	if err != nil {
		return badInput(err)
	}
	if f.output != "json" && f.output != "text" {
		return badInput(fmt.Errorf("--output %s: it is text or json", f.output))
	}
	f.options.Identity.Labels = labels
	f.options.Ready = f.ready
	// A bad folder is told before anything is loaded.
	if _, err := policyset.Dir(f.options.Policies); err != nil {
		return badInput(err)
	}
	writer, err := alert.Create(f.events, cmd.OutOrStdout(), f.output == "text")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	e, err := bpflsm.Load(ctx, bpflsm.Options{EventBytes: f.eventBufferKBytes << 10})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return withEvents(ctx, e, writer, f.options.Identity, func(ctx context.Context) error {
		return attach.Run(ctx, e, f.options)
	})
}

func (f *attachFlags) ready() error {
	if f.readyFile == "" {
		return nil
	}
	return os.WriteFile(f.readyFile, nil, 0o644)
}

// withEvents writes the events that an enforcer reports while work runs.
func withEvents(ctx context.Context, e enforcer.Enforcer, to *alert.Writer, who policyset.Identity, work func(context.Context) error) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this host's name: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	reading, done := context.WithCancel(context.WithoutCancel(ctx))
	var failed error
	group.Go(func() error {
		return errors.Join(e.Events(reading, func(ev enforcer.Event) {
			if failed == nil {
				failed = to.Write(alert.Of(ev, who, host, e.Name()))
			}
		}), failed)
	})
	group.Go(func() error { return tellLosses(reading, e) })
	group.Go(func() error {
		defer done() // then what is left in the buffer is read
		return work(ctx)
	})
	return group.Wait()
}
