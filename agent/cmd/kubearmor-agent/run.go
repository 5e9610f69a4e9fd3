package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"kubearmor.io/agent/alert"
	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/container"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

// runFlags are the flags of run.
type runFlags struct {
	files    []string
	labels   string
	identity policyset.Identity
	root     string
	enforcer string
	events   string
	partial  bool
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run -f FILE... [flags] -- COMMAND [ARGUMENT...]",
		Short: "Run a command as a container of its own under policies",
		Long: `Run a command on this host as a container of its own under policies. Its output and exit
status are the command's: 126 if it may not start, 127 if there is no such command, 128 plus the
signal's number if a signal ends it. 1 and 2 can be the agent's too, which then says on standard error
what failed (1) or what is wrong with the policies or flags (2).`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file with policies; may be given again")
	flags.StringVar(&f.labels, "labels", "", "the container's labels, as name=value,...; without them every policy counts as selected")
	flags.StringVar(&f.identity.Name, "name", "run", "the container's name")
	flags.StringVar(&f.identity.Namespace, "namespace", "", "its namespace, which counts where labels are given; without it a policy of any namespace counts")
	flags.StringVar(&f.root, "root", "", "folder that becomes the container's root")
	flags.StringVar(&f.enforcer, "enforcer", "bpf", "what enforces: bpf")
	flags.StringVar(&f.events, "events", "", "file to append events to as JSON lines; - is standard output")
	flags.BoolVar(&f.partial, "partial", false, "run although some rules can't be carried out")
	flags.SetInterspersed(false)
	return cmd
}

// stageCommand is what the agent starts itself as in the new container.
func stageCommand() *cobra.Command {
	return &cobra.Command{
		Use: container.StageCommand, Hidden: true, Args: cobra.NoArgs,
		// The parent is told what went wrong, and says it.
		RunE: func(*cobra.Command, []string) error {
			if err := container.Stage(); err != nil {
				return &statusError{status: exitFailed}
			}
			return nil
		},
	}
}

func (f *runFlags) run(cmd *cobra.Command, command []string) (err error) {
	policies, err := f.check(command)
	if err != nil {
		return badInput(err)
	}
	writer, err := alert.Create(f.events, cmd.OutOrStdout(), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	e, err := load(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	status := 0
	err = withEvents(cmd.Context(), e, writer.Write, f.identity, func(ctx context.Context) (err error) {
		status, err = f.contain(ctx, e, policies, command)
		return err
	})
	if err == nil && status != 0 {
		return &statusError{status: status}
	}
	return err
}

// check refuses what can't be run before anything is changed.
func (f *runFlags) check(command []string) ([]*policy.Policy, error) {
	if len(command) == 0 {
		return nil, errors.New("no command: give one after --")
	}
	if len(f.files) == 0 {
		return nil, errors.New("no policies: name a file with -f")
	}
	if f.enforcer != "bpf" {
		return nil, fmt.Errorf("--enforcer %s: this agent has bpf", f.enforcer)
	}
	labels, err := policyset.ParseLabels(f.labels)
	if err != nil {
		return nil, err
	}
	f.identity.Labels = labels
	all, err := policyset.Files(f.files)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.Kind == policy.KindHostPolicy {
			return nil, fmt.Errorf("%s: %s concerns the host, not a container: leave it out", p.Source, p.Ref)
		}
	}
	return policyset.Selected(all, f.identity), nil
}

// contain runs the command in a new container and cleans up behind it.
func (f *runFlags) contain(ctx context.Context, e enforcer.Enforcer, policies []*policy.Policy, command []string) (status int, err error) {
	group, err := cgroup.Create(fmt.Sprintf("kubearmor/run-%d", os.Getpid()))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, group.Remove()) }()
	name := f.identity.Name
	if err := e.Add(enforcer.Container{Name: name, Cgroup: group.Dir, Starting: true}); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.Remove(name)) }()
	// The kernel ends the container with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c, err := container.Start(container.Spec{Command: command, Root: f.root, Env: os.Environ()}, group)
	if err != nil {
		return 0, err
	}
	if err := f.protect(e, c.PID, policies); err != nil {
		c.Abort()
		return 0, err
	}
	return finish(c)
}

// Exit statuses for a command that does not start, as shells have them.
const (
	exitDenied   = 126
	exitNotFound = 127
)

// finish lets the command run, passes signals on to it and returns its exit status.
func finish(c *container.Process) (int, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	resumed := c.Resume()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case s := <-signals:
				_ = c.Signal(s)
			case <-ended:
				return
			}
		}
	}()
	status, err := c.Wait()
	var refused *container.ExecError
	if errors.As(resumed, &refused) {
		fmt.Fprintf(os.Stderr, "kubearmor-agent: %v\n", refused)
		if refused.Errno == syscall.ENOENT {
			return exitNotFound, err
		}
		return exitDenied, err
	}
	return status, errors.Join(resumed, err)
}

// protect puts the policies in force on the container.
func (f *runFlags) protect(e enforcer.Enforcer, pid int, policies []*policy.Policy) error {
	if err := e.Record(f.identity.Name, pid); err != nil {
		return err
	}
	recorded, err := e.Mounts(f.identity.Name)
	if err != nil {
		return err
	}
	profile, err := policyset.ProfileOf(policies, pid, recorded)
	if err != nil {
		return err
	}
	if missing := unenforceable(profile, e.Features()); len(missing) > 0 && !f.partial {
		return badInput(fmt.Errorf("some rules can't be carried out here; --partial runs without them:\n  %s", strings.Join(missing, "\n  ")))
	}
	err = e.Apply(f.identity.Name, profile)
	var complexity *image.TooComplexError
	if errors.As(err, &complexity) {
		return badInput(err)
	}
	return err
}

// unenforceable lists the rules that would not take part in any decision.
func unenforceable(p *policy.Profile, has policy.Features) []string {
	var lines []string
	for _, u := range policy.Supports(p, has) {
		if !u.Partly {
			lines = append(lines, fmt.Sprintf("%s %s: %s", u.Policy, u.Field, u.Reason))
		}
	}
	return lines
}
