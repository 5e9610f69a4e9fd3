package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"kubearmor.io/e2e/exercise/await"
)

// Target is the container to enforce on, as the agent's command line names it.
type Target struct {
	PID         int
	Name        string
	Namespace   string
	Labels      string // k=v,k=v
	Policies    string // folder; the agent follows its changes
	EventBuffer int    // KiB; 0: the agent's own
	// Persist has enforcement outlive the agent, which takes over what one before has left.
	Persist bool
}

// Attached is a running agent.
type Attached struct {
	Events *Log

	cmd    *exec.Cmd
	ended  chan struct{}
	result error
	stderr *tail
	work   string
}

// limit is generous: under emulation verifying the programs takes long.
const limit = 10 * time.Minute

// stopLimit likewise: each program is detached in turn.
const stopLimit = time.Minute

// Attach starts the agent and returns once the policies are in force. Stop or Kill must be called.
func Attach(ctx context.Context, program string, t Target) (*Attached, error) {
	a, err := Start(program, t)
	if err != nil {
		return nil, err
	}
	if err := a.Ready(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// Start starts the agent, which has nothing in force yet. Stop or Kill must be called.
func Start(program string, t Target) (*Attached, error) {
	work, err := os.MkdirTemp("", "attach-")
	if err != nil {
		return nil, fmt.Errorf("attach the agent: %w", err)
	}
	a := &Attached{Events: &Log{}, ended: make(chan struct{}), stderr: &tail{}, work: work}
	a.cmd = exec.Command(program, append(t.arguments(), "--events", "-", "--output", "json", "--ready-file", a.readyFile())...)
	a.cmd.Stderr = a.stderr
	stdout, err := a.cmd.StdoutPipe()
	if err == nil {
		err = a.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("attach the agent: %w", err), os.RemoveAll(work))
	}
	go func() {
		a.Events.read(stdout)
		a.result = a.cmd.Wait()
		close(a.ended)
	}()
	return a, nil
}

func (t Target) arguments() []string {
	args := []string{
		"attach", "--pid", strconv.Itoa(t.PID), "--name", t.Name, "--namespace", t.Namespace, "--labels", t.Labels,
		"--policies", t.Policies, "--persist=" + strconv.FormatBool(t.Persist),
	}
	if t.EventBuffer != 0 {
		args = append(args, "--event-buffer", strconv.Itoa(t.EventBuffer))
	}
	return args
}

func (a *Attached) readyFile() string { return filepath.Join(a.work, "ready") }

// Ready waits until the policies are in force.
func (a *Attached) Ready(ctx context.Context) error {
	return a.Await(ctx, "to enforce", func() error { _, err := os.Stat(a.readyFile()); return err })
}

// Await waits for what comes only while the agent lives.
func (a *Attached) Await(ctx context.Context, what string, condition func() error) error {
	return await.True(ctx, limit, "the agent "+what, func() error {
		ended := a.hasEnded()
		err := condition()
		if err != nil && ended {
			err = &await.Never{Reason: fmt.Errorf("the agent ended (%v): %s", a.result, a.stderr)}
		}
		return err
	})
}

func (a *Attached) hasEnded() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// Said returns the end of what the agent printed for its operator.
func (a *Attached) Said() string { return a.stderr.String() }

// Signal sends the agent a signal.
func (a *Attached) Signal(s syscall.Signal) error {
	if err := a.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal the agent: %w", err)
	}
	return nil
}

// Kill kills the agent and waits for its end. Its events have come then.
func (a *Attached) Kill() {
	_ = a.cmd.Process.Kill() // it fails where the agent has ended
	<-a.ended
	_ = os.RemoveAll(a.work)
}

// Stop ends the agent, which releases the container. That it failed is an error.
func (a *Attached) Stop() error {
	defer os.RemoveAll(a.work)
	if err := a.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-a.ended:
	case <-time.After(stopLimit):
		a.Kill()
		return fmt.Errorf("the agent did not stop within %s of SIGTERM: %s", stopLimit, a.stderr)
	}
	if a.result != nil {
		return fmt.Errorf("the agent failed: %w: %s", a.result, a.stderr)
	}
	return nil
}

// tail keeps the newest bytes of a stream.
type tail struct {
	mu   sync.Mutex
	last bytes.Buffer
}

const tailSize = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last.Write(p)
	if excess := t.last.Len() - tailSize; excess > 0 {
		t.last.Next(excess)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.last.String())
}
