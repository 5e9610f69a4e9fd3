package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"kubearmor.io/e2e/lab/wire"
)

// environment is what every command gets.
func environment() []string {
	return []string{
		"PATH=/opt/kubearmor/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "SHELL=/bin/bash", "TERM=dumb", "LC_ALL=C.UTF-8", "KUBEARMOR_LAB=1",
	}
}

// command is a running process and the pipes to it.
type command struct {
	pid   int
	ended <-chan unix.WaitStatus

	stdin   chan []byte // nil: the command reads /dev/null
	outputs []*output
}

// output forwards one of a command's streams.
type output struct {
	pipe *os.File
	send func([]byte) error
	done chan struct{}
}

func startCommand(conn *wire.Conn, id uint32, r *reaper, request wire.Command) (*command, error) {
	if len(request.Args) == 0 {
		return nil, errors.New("start command: no program is named")
	}
	env := append(environment(), request.Env...)
	program, err := lookUp(request.Args[0], env)
	if err != nil {
		return nil, fmt.Errorf("start command: %w", err)
	}
	c := &command{}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	stdin, input, err := openStdin(request.Stdin)
	if err != nil {
		return nil, fmt.Errorf("start command: %w", err)
	}
	theirs = append(theirs, stdin)
	for _, kind := range []wire.Kind{wire.Stdout, wire.Stderr} {
		read, write, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("start command: %w", err)
		}
		theirs = append(theirs, write)
		send := func(p []byte) error { return conn.Write(wire.Frame{Kind: kind, ID: id, Payload: p}) }
		c.outputs = append(c.outputs, &output{pipe: read, send: send, done: make(chan struct{})})
	}
	c.pid, c.ended, err = r.start(program, request.Args, &os.ProcAttr{
		Dir: request.Dir, Env: env, Files: theirs, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("start command: %w", err)
	}
	for _, o := range c.outputs {
		go o.forward()
	}
	if input != nil {
		c.stdin = make(chan []byte, wire.StdinWindow)
		go feed(input, c.stdin, func() { _ = conn.Write(wire.Frame{Kind: wire.Taken, ID: id}) })
	}
	return c, nil
}

// openStdin returns what a command reads and, if it is to be given something,
// where that is written.
func openStdin(wanted bool) (read, write *os.File, err error) {
	if wanted {
		return os.Pipe()
	}
	read, err = os.Open(os.DevNull)
	return read, nil, err
}

// feed writes a command's standard input and reports each chunk as taken. A
// command that has stopped reading loses the rest.
func feed(input *os.File, chunks <-chan []byte, taken func()) {
	defer input.Close()
	for chunk := range chunks {
		_, _ = input.Write(chunk)
		taken()
	}
}

// lookUp finds a program on the guest's path, which isn't this process's own.
func lookUp(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, variable := range env {
		path, isPath := strings.CutPrefix(variable, "PATH=")
		if !isPath {
			continue
		}
		for folder := range strings.SplitSeq(path, ":") {
			if found, err := exec.LookPath(folder + "/" + name); err == nil {
				return found, nil
			}
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

// wait returns once the process has ended and all it wrote has been sent. A
// process it left behind may hold the pipes open: what that writes later is dropped.
func (c *command) wait() wire.Status {
	status := <-c.ended
	var all sync.WaitGroup
	for _, o := range c.outputs {
		all.Go(o.finish)
	}
	all.Wait()
	if status.Signaled() {
		return wire.Status{Signal: int(status.Signal())}
	}
	return wire.Status{Code: status.ExitStatus()}
}

func (o *output) forward() {
	defer close(o.done)
	buffer := make([]byte, 64<<10)
	for {
		n, err := o.pipe.Read(buffer)
		if n > 0 && o.send(buffer[:n]) != nil {
			return
		}
		if err != nil {
			return
		}
	}
}

// finish stops forwarding and sends what the pipe still holds, without waiting
// for its end.
func (o *output) finish() {
	_ = o.pipe.SetReadDeadline(time.Now())
	<-o.done
	defer o.pipe.Close()
	raw, err := o.pipe.SyscallConn()
	if err != nil {
		return
	}
	buffer := make([]byte, 64<<10)
	_ = raw.Control(func(fd uintptr) {
		for {
			n, err := unix.Read(int(fd), buffer)
			if n <= 0 || err != nil || o.send(buffer[:n]) != nil {
				return
			}
		}
	})
}
