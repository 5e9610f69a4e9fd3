package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"kubearmor.io/agent/cgroup"
)

// Spec says what to run in a container of our own.
type Spec struct {
	Root    string   // host directory that becomes the container's root; empty: the host's
	Command []string // program and arguments; looked up in the container by its PATH
	Env     []string
	Dir     string // working directory in the container; empty: the root, or the caller's without Root
}

// Process is a container's first process, held before its command until Resume.
type Process struct {
	PID int

	cmd    *exec.Cmd
	resume *os.File // the stage goes on when it reads a byte, and ends at end of file
	failed *os.File // what the stage could not do; closed by its exec
}

// Descriptors of the stage.
const (
	stageSpec   = 3 // the Spec as JSON, then the byte that lets it go on
	stageFailed = 4 // what went wrong, as text; "ready" when everything is prepared
)

// StageCommand is the hidden command of the agent that runs Stage.
const StageCommand = "container-stage"

const stageReady = "ready"

// Start must be called on a goroutine that is locked to its thread for as long as the container
// lives (runtime.LockOSThread): the kernel kills the container when that thread ends, so
// that nothing goes on unprotected when the agent is killed.
//
// Start starts the stage in a cgroup, by cloning into it, and returns when the container's
// mounts are prepared. The caller ends with Resume and Wait, or with Abort; the cgroup
// stays the caller's.
func Start(spec Spec, group cgroup.Group) (*Process, error) {
	dir, err := group.Open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	specR, specW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer specR.Close()
	failedR, failedW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, specW.Close())
	}
	cmd := exec.Command("/proc/self/exe", StageCommand)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{specR, failedW}
	cmd.Env = spec.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS, UseCgroupFD: true, CgroupFD: int(dir.Fd()),
		Pdeathsig: syscall.SIGKILL,
	}
	err = cmd.Start()
	failedW.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the container: %w", err), specW.Close(), failedR.Close())
	}
	p := &Process{PID: cmd.Process.Pid, cmd: cmd, resume: specW, failed: failedR}
	if err := p.prepare(spec); err != nil {
		p.Abort()
		return nil, err
	}
	return p, nil
}

// prepare hands the stage its spec and waits until it is ready.
func (p *Process) prepare(spec Spec) error {
	if err := json.NewEncoder(p.resume).Encode(spec); err != nil {
		return fmt.Errorf("hand the container its spec: %w", err)
	}
	answer := make([]byte, len(stageReady))
	if _, err := io.ReadFull(p.failed, answer); err != nil || string(answer) != stageReady {
		rest, _ := io.ReadAll(p.failed)
		return fmt.Errorf("prepare the container: %s%s", answer, rest)
	}
	return nil
}

// ExecError says that the container's command could not be executed.
type ExecError struct {
	Text  string
	Errno syscall.Errno
}

func (e *ExecError) Error() string { return e.Text + ": " + e.Errno.Error() }

// Resume lets the command run. The error is an *ExecError if the kernel refuses to execute
// it, by policy or otherwise; then the container is at its end, and Wait returns.
func (p *Process) Resume() error {
	_, err := p.resume.Write([]byte{1})
	if err = errors.Join(err, p.resume.Close()); err != nil {
		return fmt.Errorf("let the container go on: %w", err)
	}
	defer p.failed.Close()
	return readExec(p.failed)
}

// readExec reads what reportExec wrote, or nothing if exec closed the pipe.
func readExec(failed io.Reader) error {
	text, err := io.ReadAll(failed)
	if err != nil {
		return fmt.Errorf("let the container go on: %w", err)
	}
	if len(text) == 0 {
		return nil
	}
	var failure ExecError
	if err := json.Unmarshal(text, &failure); err != nil || failure.Errno == 0 {
		return fmt.Errorf("the container failed: %s", text)
	}
	return &failure
}

// Signal sends a signal to the container's first process.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Wait waits for the command's end and returns its exit status; 128 plus the number of the
// signal that ended it.
func (p *Process) Wait() (int, error) {
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("wait for the container: %w", err)
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

// Abort ends a container that has not been resumed. What can fail here has ended already.
func (p *Process) Abort() {
	_ = p.resume.Close()
	_ = p.failed.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
