package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"kubearmor.io/e2e/lab/wire"
)

// Command is a program to run in a guest.
type Command struct {
	Args   []string
	Env    []string // NAME=VALUE, added to the guest's environment
	Dir    string
	Stdin  io.Reader // nil: /dev/null
	Stdout io.Writer // nil: dropped
	Stderr io.Writer
}

// ErrGuestDied means that the virtual machine ended before the command did.
var ErrGuestDied = errors.New("the guest died")

// run is a command on its way.
type run struct {
	command Command
	result  chan result
	window  chan struct{} // a place for each Stdin frame that wasn't taken yet
	over    chan struct{} // closed when nobody waits for the command any more
}

type result struct {
	code int
	err  error
}

// Run boots a guest, runs config's command in it and switches it off. The exit
// status is the command's; an error means that there is none.
func Run(ctx context.Context, config Config) (exit int, err error) {
	if len(config.Command) == 0 {
		return 0, errors.New("run in a guest: no command is given")
	}
	g, err := Boot(ctx, config)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	return g.Run(ctx, Command{
		Args: config.Command, Env: config.Env, Dir: config.Dir,
		Stdin: config.Stdin, Stdout: config.Stdout, Stderr: config.Stderr,
	})
}

// Run runs a command to its end, or until ctx is done: then the command's process group is
// killed, after SIGQUIT has had it say where it hangs and the kernel which tasks are blocked.
func (g *Guest) Run(ctx context.Context, command Command) (exit int, err error) {
	id, r, err := g.begin(command)
	if err != nil {
		return 0, err
	}
	defer close(r.over)
	if command.Stdin != nil {
		go g.feed(id, r)
	}
	select {
	case res := <-r.result:
		return res.code, res.err
	case <-ctx.Done():
		g.stop(id, r)
		return 0, fmt.Errorf("run %s in the guest: %w", command.Args[0], g.explain(context.Cause(ctx)))
	}
}

// lastWords is how long a command may take to say where it hangs.
const lastWords = 10 * time.Second

// stop ends a command. The guest may be gone; the caller's reason is what counts.
func (g *Guest) stop(id uint32, r *run) {
	_ = g.conn.WriteJSON(wire.Kill, id, wire.Signal{Number: int(syscall.SIGQUIT)})
	select {
	case <-r.result:
	case <-time.After(lastWords):
		_ = g.conn.WriteJSON(wire.Kill, id, wire.Signal{Number: int(syscall.SIGKILL)})
	}
	g.forget(id)
}

func (g *Guest) begin(command Command) (uint32, *run, error) {
	if len(command.Args) == 0 {
		return 0, nil, errors.New("run in a guest: no command is given")
	}
	r := &run{
		command: command, result: make(chan result, 1),
		window: make(chan struct{}, wire.StdinWindow), over: make(chan struct{}),
	}
	g.mu.Lock()
	if g.lost != nil {
		g.mu.Unlock()
		return 0, nil, g.lost
	}
	g.next++
	id := g.next
	g.running[id] = r
	g.mu.Unlock()
	err := g.conn.WriteJSON(wire.Start, id, wire.Command{
		Args: command.Args, Env: command.Env, Dir: command.Dir, Stdin: command.Stdin != nil,
	})
	if err != nil {
		g.forget(id)
		return 0, nil, fmt.Errorf("run %s in the guest: %w", command.Args[0], err)
	}
	return id, r, nil
}

// feed passes standard input on until it or the command ends.
func (g *Guest) feed(id uint32, r *run) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := r.command.Stdin.Read(buffer)
		if n > 0 {
			select {
			case r.window <- struct{}{}:
			case <-r.over:
				return
			}
			if g.conn.Write(wire.Frame{Kind: wire.Stdin, ID: id, Payload: buffer[:n]}) != nil {
				return // the guest is gone, which Run hears of
			}
		}
		if err != nil {
			_ = g.conn.Write(wire.Frame{Kind: wire.StdinEOF, ID: id})
			return
		}
	}
}

func (g *Guest) forget(id uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.running, id)
}

// receive hands out what the guest sends until it is gone.
func (g *Guest) receive() {
	for {
		f, err := g.conn.Read()
		if err != nil {
			g.loseConnection(err)
			return
		}
		g.mu.Lock()
		r := g.running[f.ID]
		g.mu.Unlock()
		if r != nil && r.take(f) {
			g.forget(f.ID)
		}
	}
}

func (g *Guest) loseConnection(err error) {
	if err == io.EOF {
		err = ErrGuestDied
	} else {
		err = fmt.Errorf("%w: %w", ErrGuestDied, err)
	}
	err = g.explain(err)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lost = err
	close(g.gone)
	for id, r := range g.running {
		r.result <- result{err: fmt.Errorf("run %s in the guest: %w", r.command.Args[0], err)}
		delete(g.running, id)
	}
}

// take handles a command's frame; it returns true for the last one.
func (r *run) take(f wire.Frame) bool {
	switch f.Kind {
	case wire.Stdout:
		write(r.command.Stdout, f.Payload)
	case wire.Stderr:
		write(r.command.Stderr, f.Payload)
	case wire.Taken:
		<-r.window
	case wire.Failed:
		r.result <- result{err: errors.New(string(f.Payload))}
		return true
	case wire.Exit:
		var status wire.Status
		err := f.Decode(&status)
		r.result <- result{code: status.ExitCode(), err: err}
		return true
	}
	return false
}

// write drops output that the caller doesn't want or can't take any more.
func write(w io.Writer, p []byte) {
	if w != nil {
		_, _ = w.Write(p)
	}
}
