package guest

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"kubearmor.io/e2e/lab/wire"
)

// session runs the commands of one host connection.
type session struct {
	conn   *wire.Conn
	reaper *reaper

	mu       sync.Mutex
	commands map[uint32]*command
}

func newSession(conn *wire.Conn) *session {
	return &session{conn: conn, reaper: newReaper(), commands: map[uint32]*command{}}
}

// serve handles frames until the host hangs up.
func (s *session) serve() error {
	for {
		f, err := s.conn.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.handle(f); err != nil {
			fail := s.conn.Write(wire.Frame{Kind: wire.Failed, ID: f.ID, Payload: []byte(err.Error())})
			if fail != nil {
				return fail
			}
		}
	}
}

func (s *session) handle(f wire.Frame) error {
	if f.Kind == wire.Start {
		return s.start(f)
	}
	s.mu.Lock()
	c := s.commands[f.ID]
	s.mu.Unlock()
	if c == nil {
		return nil // it ended while the frame was on its way
	}
	switch f.Kind {
	case wire.Stdin:
		if c.stdin != nil {
			c.stdin <- f.Payload // never blocks: the host keeps to the window
		}
	case wire.StdinEOF:
		if c.stdin != nil {
			close(c.stdin)
			c.stdin = nil
		}
	case wire.Kill:
		var signal wire.Signal
		if err := f.Decode(&signal); err != nil {
			return err
		}
		if unix.Signal(signal.Number) == unix.SIGQUIT {
			showBlockedTasks()
		}
		// The group may be gone already; the exit frame says so.
		_ = unix.Kill(-c.pid, unix.Signal(signal.Number))
	default:
		return fmt.Errorf("frame %q is not known", f.Kind)
	}
	return nil
}

func (s *session) start(f wire.Frame) error {
	var request wire.Command
	if err := f.Decode(&request); err != nil {
		return err
	}
	c, err := startCommand(s.conn, f.ID, s.reaper, request)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.commands[f.ID] = c
	s.mu.Unlock()
	go func() {
		status := c.wait()
		s.mu.Lock()
		delete(s.commands, f.ID)
		s.mu.Unlock()
		// A host that has hung up needs no status.
		_ = s.conn.WriteJSON(wire.Exit, f.ID, status)
	}()
	return nil
}

// showBlockedTasks has the kernel print the stacks of tasks that wait inside it, for whoever asks
// why a command hangs. See Documentation/admin-guide/sysrq.rst.
func showBlockedTasks() {
	for _, key := range []string{"9", "w"} { // print everything; then the tasks
		_ = os.WriteFile("/proc/sysrq-trigger", []byte(key), 0)
	}
}
