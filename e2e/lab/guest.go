package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/host"
	"kubearmor.io/e2e/lab/qemu"
	"kubearmor.io/e2e/lab/wire"
)

// Guest is a running virtual machine. Its methods may be called from several
// goroutines; Close must be called in the end.
type Guest struct {
	Release string   // uname -r
	LSM     string   // the active security modules
	Notes   []string // what the kernel lacks and a test may do without

	config  Config
	plan    *plan
	process *qemu.Process
	console *consoleLog
	conn    *wire.Conn

	mu      sync.Mutex
	next    uint32
	running map[uint32]*run
	lost    error         // why the connection ended
	gone    chan struct{} // closed when it has
}

// Boot starts a guest and waits until it is ready. ctx bounds the boot, not
// the guest's life.
func Boot(ctx context.Context, config Config) (*Guest, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	if err := host.Ensure(ctx, config.Progress); err != nil {
		return nil, err
	}
	c, err := cache.Find(config.Progress)
	if err != nil {
		return nil, err
	}
	p, err := makePlan(ctx, c, config)
	if err != nil {
		return nil, err
	}
	process, err := p.machine.Start()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.scratch))
	}
	g := &Guest{
		config: config, plan: p, process: process, conn: wire.NewConn(process.Port),
		console: newConsoleLog(process.Console, config.Console),
		running: map[uint32]*run{}, gone: make(chan struct{}),
	}
	ctx, cancel := context.WithTimeoutCause(ctx, config.BootTimeout, fmt.Errorf("the guest wasn't ready within %s", config.BootTimeout))
	defer cancel()
	if err := g.greet(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("boot kernel %s: %w", config.Kernel, g.explain(err)), g.Close())
	}
	go g.receive()
	return g, nil
}

// greet takes init's greeting, tells it what to set up and waits until it has.
func (g *Guest) greet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = g.process.Port.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	err := g.exchange()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (g *Guest) exchange() error {
	f, err := g.conn.Read()
	if err != nil {
		return fmt.Errorf("wait for the guest's init: %w", err)
	}
	if f.Kind != wire.Hello {
		return fmt.Errorf("wait for the guest's init: got frame %q", f.Kind)
	}
	if err := g.conn.WriteJSON(wire.Prepare, 0, g.plan.setup); err != nil {
		return err
	}
	f, err = g.conn.Read()
	switch {
	case err != nil:
		return fmt.Errorf("wait for the guest's set-up: %w", err)
	case f.Kind == wire.Failed:
		return fmt.Errorf("set up the guest: %s", f.Payload)
	case f.Kind != wire.Ready:
		return fmt.Errorf("wait for the guest's set-up: got frame %q", f.Kind)
	}
	var report wire.Report
	if err := f.Decode(&report); err != nil {
		return err
	}
	g.Release, g.LSM, g.Notes = report.Release, report.LSM, report.Notes
	return nil
}

// Close switches the guest off, as pulling the plug would.
func (g *Guest) Close() error {
	err := g.process.Close()
	g.console.wait()
	if g.plan.scratch != "" {
		err = errors.Join(err, os.RemoveAll(g.plan.scratch))
	}
	return err
}

// ConsoleTail is the end of what the kernel printed.
func (g *Guest) ConsoleTail() string { return g.console.tail() }

// explain adds what is known about a guest that died.
func (g *Guest) explain(err error) error {
	select {
	case <-g.process.Ended():
		if failure := g.process.Failure(); failure != nil {
			err = fmt.Errorf("%w; %s said: %w", err, qemu.Program, failure)
		}
	case <-time.After(100 * time.Millisecond):
	}
	if tail := g.console.tail(); tail != "" {
		err = fmt.Errorf("%w; the end of its console:\n%s", err, tail)
	}
	return err
}
