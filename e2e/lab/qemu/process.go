package qemu

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Program is the emulator.
const Program = "qemu-system-x86_64"

// Process is a running machine. Close ends it.
type Process struct {
	Port    *os.File // the virtio-serial port
	Console *os.File // what the kernel prints

	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}
	err    error
}

// Start runs the machine. It dies with this process, however that ends.
func (m Machine) Start() (*Process, error) {
	port, portPeer, err := socketPair("port")
	if err != nil {
		return nil, err
	}
	console, consolePeer, err := socketPair("console")
	if err != nil {
		return nil, errors.Join(err, port.Close(), portPeer.Close())
	}
	p := &Process{Port: port, Console: console, ended: make(chan struct{})}
	p.cmd = exec.Command(Program, m.Arguments()...)
	p.cmd.ExtraFiles = []*os.File{portPeer, consolePeer}
	p.cmd.Stderr = &p.stderr
	// A group of its own keeps the terminal's Ctrl-C for the lab to handle.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go p.run(started)
	err = <-started
	err = errors.Join(err, portPeer.Close(), consolePeer.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", Program, err), port.Close(), console.Close())
	}
	return p, nil
}

// run starts the emulator and waits for it on one thread: the signal at the
// parent's death is sent when the thread that started it ends.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
	}
	close(p.ended)
}

// Ended is closed when the machine has stopped, for whatever reason.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Failure is what the emulator complained about, once it has ended.
func (p *Process) Failure() error {
	<-p.ended
	text := strings.TrimSpace(p.stderr.String())
	if text == "" {
		return p.err
	}
	return errors.New(text)
}

// Close kills the machine and waits for its end.
func (p *Process) Close() error {
	// It may have ended by itself.
	_ = p.cmd.Process.Kill()
	<-p.ended
	return errors.Join(p.Port.Close(), p.Console.Close())
}

// socketPair returns two connected sockets, the first for this process. It can
// be waited for by Go's poller, so that closing it ends a blocked read.
func socketPair(name string) (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make %s socket: %w", name, err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, fmt.Errorf("make %s socket: %w", name, err)
	}
	return os.NewFile(uintptr(fds[0]), name), os.NewFile(uintptr(fds[1]), name+"-peer"), nil
}
