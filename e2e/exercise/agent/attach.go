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
	PID       int
	Name      string
	Namespace string
	Labels    string // k=v,k=v
	Policies  string // folder; the agent follows its changes
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

// readyLimit is generous: under emulation verifying the programs takes seconds.
const readyLimit = 10 * time.Minute

// stopLimit likewise: each program is detached in turn.
const stopLimit = time.Minute

// Attach starts the agent and returns once the policies are in force. Stop must be called.
func Attach(ctx context.Context, program string, t Target) (*Attached, error) {
	work, err := os.MkdirTemp("", "attach-")
	if err != nil {
		return nil, fmt.Errorf("attach the agent: %w", err)
	}
	a := &Attached{Events: &Log{}, ended: make(chan struct{}), stderr: &tail{}, work: work}
	ready := filepath.Join(work, "ready")
	a.cmd = exec.Command(program, "attach", "--pid", strconv.Itoa(t.PID), "--name", t.Name, "--namespace", t.Namespace,
		"--labels", t.Labels, "--policies", t.Policies, "--events", "-", "--output", "json", "--ready-file", ready)
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
	err = await.True(ctx, readyLimit, "the agent to enforce "+t.Policies, func() error {
		select {
		case <-a.ended:
			return &await.Never{Reason: fmt.Errorf("the agent ended (%v): %s", a.result, a.stderr)}
		default:
		}
		_, err := os.Stat(ready)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// Said returns the end of what the agent printed for its operator.
func (a *Attached) Said() string { return a.stderr.String() }

// Stop ends the agent, which releases the container.
func (a *Attached) Stop() error {
	defer os.RemoveAll(a.work)
	select {
	case <-a.ended:
		return nil
	default:
	}
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the agent: %w", err)
	}
	select {
	case <-a.ended:
		return nil
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("the agent did not stop within %s of SIGTERM", stopLimit), a.cmd.Process.Kill())
	}
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
