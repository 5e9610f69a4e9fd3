package bpflsm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/policy"
)

// guest is the enforcer in a lab's guest, with what it has reported.
type guest struct {
	*Enforcer
	before uint64 // events that were counted before anyone read

	mu     sync.Mutex
	events []enforcer.Event
}

// shared is attached once for all tests that need no options: verifying the programs takes long
// under emulation.
var shared struct {
	once sync.Once
	*Enforcer
	err error
}

func closeShared() error {
	if shared.Enforcer == nil {
		return nil
	}
	return shared.Close()
}

// newGuest attaches the programs; in the lab that has to work.
func newGuest(t *testing.T, opt Options) *guest {
	t.Helper()
	if os.Getenv("KUBEARMOR_LAB") == "" {
		t.Skip("needs a kernel of the lab: bin/lab test ./agent/enforcer/bpflsm")
	}
	e, err := enforcerFor(t, opt)
	if err != nil {
		t.Fatal(err)
	}
	n, err := e.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return &guest{Enforcer: e, before: n.Events + n.EventsFolded}
}

func enforcerFor(t *testing.T, opt Options) (*Enforcer, error) {
	if opt != (Options{}) {
		e, err := Load(t.Context(), opt)
		if err == nil {
			t.Cleanup(func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		return e, err
	}
	shared.once.Do(func() { shared.Enforcer, shared.err = Load(context.Background(), opt) })
	if shared.err != nil {
		return nil, shared.err
	}
	// What the tests before have left in the buffer is nobody's.
	ended, end := context.WithCancel(context.Background())
	end()
	return shared.Enforcer, shared.Events(ended, func(enforcer.Event) {})
}

// read collects events until the test ends.
func (g *guest) read(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- g.Events(ctx, func(e enforcer.Event) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.events = append(g.events, e)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// of waits until every event that was sent has been read, and every repeat told, and returns
// a container's.
func (g *guest) of(t *testing.T, name string) []enforcer.Event {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		n, err := g.Counters()
		if err != nil {
			t.Fatal(err)
		}
		g.mu.Lock()
		all := g.events
		g.mu.Unlock()
		told, counted := operations(all), n.Events+n.EventsFolded-g.before
		if told == counted {
			return slices.DeleteFunc(slices.Clone(all), func(e enforcer.Event) bool { return e.Container != name })
		}
		if time.Now().After(end) {
			t.Fatalf("%d operations were to be reported and %d were", counted, told)
		}
	}
}

// operations counts what events stand for.
func operations(events []enforcer.Event) (n uint64) {
	for _, e := range events {
		n += 1 + e.Repeats
	}
	return n
}

// box is a container whose files are the guest's.
type box struct {
	guest *guest
	name  string
	group cgroup.Group
}

func (g *guest) box(t *testing.T, name, policies string) *box {
	t.Helper()
	group, err := cgroup.Create("test-" + name)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{g, name, group}
	t.Cleanup(func() {
		if err := errors.Join(g.Remove(name), group.Remove()); err != nil {
			t.Error(err)
		}
	})
	if err := g.Add(enforcer.Container{Name: name, Cgroup: group.Dir}); err != nil {
		t.Fatal(err)
	}
	if err := g.Record(name, os.Getpid()); err != nil {
		t.Fatal(err)
	}
	b.apply(t, policies)
	return b
}

// apply puts policies in force, given as the text of their specs.
func (b *box) apply(t *testing.T, spec string) {
	t.Helper()
	recorded, err := b.guest.Mounts(b.name)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := policyset.ProfileOf(parse(t, spec), os.Getpid(), recorded)
	if err == nil {
		err = b.guest.Apply(b.name, profile)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, spec string) []*policy.Policy {
	t.Helper()
	var text strings.Builder
	text.WriteString("apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p, namespace: n}\nspec:\n")
	for line := range strings.Lines(strings.Trim(spec, "\n")) {
		text.WriteString("  " + strings.TrimPrefix(line, "\t\t\t"))
	}
	all, err := policy.Parse(strings.NewReader(text.String()), "test")
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	return all
}

// result is how a command in a container ended.
type result struct {
	exit   int // 126: it could not be executed
	output string
}

// run runs a command as the container's. A helper's task is spelt "helper: TASK".
func (b *box) run(t *testing.T, command ...string) result {
	t.Helper()
	dir, err := b.group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := program(command...)
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	return finished(t, cmd)
}

// talk starts a command as the container's, without a terminal, that is told what to do and answers. It
// ends with the test.
func (b *box) talk(t *testing.T, command ...string) (in io.WriteCloser, out io.Reader) {
	t.Helper()
	dir, err := b.group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := program(command...)
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd()), Setsid: true}
	cmd.Stderr = os.Stderr
	in, err = cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err = cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	return in, out
}

func program(command ...string) *exec.Cmd {
	if task, ok := strings.CutPrefix(command[0], "helper: "); ok {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{helperVariable + "=" + task}
		return cmd
	}
	return exec.Command(command[0], command[1:]...)
}

func finished(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, syscall.EACCES):
		return result{126, fmt.Sprint(err)}
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String()}
}
