package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"kubearmor.io/agent/alert"
	"kubearmor.io/agent/attach"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/enforcer/bpflsm"
	"kubearmor.io/agent/node"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/event"
)

// attachFlags are the flags of attach.
type attachFlags struct {
	options           attach.Options
	labels            string
	events, output    string
	readyFile         string
	eventBufferKBytes uint32
	persist           bool
	takeover          time.Duration
	startPolicy       string
	start             bpflsm.Start
	socket            socket.Options
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

The container's mounts are recorded once, at the start. What was open then stays open. On SIGTERM, and
when nothing runs in the container any more, the agent releases it.

Without --persist enforcement ends with the agent's process, however that ends. With it, an agent that
is killed leaves in force what is in force, and the next one takes over, also one of another version. A
node has one such agent: a second one waits for the first to end.`,
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
	flags.StringVar(&f.socket.Path, "socket", "", "unix socket to serve events, health and metrics on; with --persist "+node.Socket+" where none is named")
	flags.IntVar(&f.socket.Group, "socket-group", socket.NoGroup, "number of the group that may connect to it beside root")
	flags.Uint32Var(&f.eventBufferKBytes, "event-buffer", 1024, "KiB of events that the kernel holds, a power of two")
	flags.BoolVar(&f.persist, "persist", false, "have enforcement go on when the agent is killed, until the next agent or 'kubearmor-agent release'")
	flags.DurationVar(&f.takeover, "takeover-timeout", 10*time.Second, "with --persist, how long to wait for an agent that runs to end")
	flags.StringVar(&f.startPolicy, "start-policy", "FailOpen", "with --persist and --pods-cgroup: programs that start in a pod no agent knows, while none answers, are let pass and counted (FailOpen) or denied (FailClosed)")
	flags.DurationVar(&f.start.Timeout, "start-policy-timeout", bpflsm.DefaultStartTimeout, "without an agent for longer than that, FailClosed lets pass and counts")
	flags.StringArrayVar(&f.start.Parents, "pods-cgroup", nil, "folder of the cgroup that pods have theirs below, such as kubepods.slice's; may be given again")
	flags.StringArrayVar(&f.start.Exempt, "exempt-cgroup", nil, "folder of a cgroup in which programs start in any case, such as that of the agent's own pod; may be given again")
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
	if err := f.checkStart(); err != nil {
		return badInput(err)
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
	if err := refuseIfOff(ctx); err != nil {
		return err
	}
	options := bpflsm.Options{EventBytes: f.eventBufferKBytes << 10}
	if f.persist {
		lock, err := node.TakeLock(ctx, node.Run, f.takeover)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Close()) }()
		options.Keep = &kept
		f.socket.Path = cmp.Or(f.socket.Path, node.Socket)
		if len(f.start.Parents) > 0 {
			options.Start = &f.start
		}
	}
	e, err := bpflsm.Load(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.end(e)) }()
	f.options.TakenOver = slices.ContainsFunc(e.Restored(), func(c enforcer.Container) bool { return c.Name == f.options.Identity.Name })
	return withFeed(ctx, e, f.socket, func(tell func(event.Alert)) error {
		to := func(a event.Alert) error {
			tell(a)
			return writer.Write(a)
		}
		return withEvents(ctx, e, to, f.options.Identity, func(ctx context.Context) error {
			return attach.Run(ctx, e, f.options)
		})
	})
}

// checkStart refuses flags that would mean nothing.
func (f *attachFlags) checkStart() error {
	switch f.startPolicy {
	case "FailOpen":
	case "FailClosed":
		f.start.Closed = true
	default:
		return fmt.Errorf("--start-policy %s: it is FailOpen or FailClosed", f.startPolicy)
	}
	if (f.start.Closed || len(f.start.Parents) > 0) && !f.persist {
		return errors.New("--start-policy and --pods-cgroup say what happens without an agent: they need --persist")
	}
	if f.start.Closed && len(f.start.Parents) == 0 {
		return errors.New("--start-policy FailClosed needs --pods-cgroup: in which cgroups programs are pods'")
	}
	if f.start.Timeout <= 0 {
		return fmt.Errorf("--start-policy-timeout %v: it has to be more than nothing", f.start.Timeout)
	}
	return nil
}

// end leaves in force what other agents have put in force, and nothing else.
func (f *attachFlags) end(e *bpflsm.Enforcer) error {
	protected := e.Protected()
	err := e.Close()
	if f.persist && len(protected) == 0 {
		_, released := bpflsm.Release(kept)
		err = errors.Join(err, released)
	}
	return err
}

func (f *attachFlags) ready() error {
	if f.readyFile == "" {
		return nil
	}
	return os.WriteFile(f.readyFile, nil, 0o644)
}

// withEvents hands the events that an enforcer reports on while work runs.
func withEvents(ctx context.Context, e enforcer.Enforcer, to func(event.Alert) error, who policyset.Identity, work func(context.Context) error) error {
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
				failed = to(alert.Of(ev, who, host, e.Name()))
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
