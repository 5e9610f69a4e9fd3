package nri

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/stub"
	"github.com/go-logr/logr"
)

var errLost = errors.New("the connection to the container runtime is lost")

// session is one connection to the runtime.
type session struct {
	plugin *Plugin
	lost   chan struct{}
	once   sync.Once

	mu        sync.Mutex
	connected bool
}

func (s *session) isLost() bool {
	select {
	case <-s.lost:
		return true
	default:
		return false
	}
}

// lose is called when the connection has ended.
func (s *session) lose() { s.once.Do(func() { close(s.lost) }) }

// synchronized is called when the runtime is about to tell of every container.
func (s *session) synchronized() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.connected && !s.isLost() {
		s.connected = true
		s.plugin.metrics.connect()
	}
}

// end says whether the session had come to be connected.
func (s *session) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose()
	if s.connected {
		s.plugin.metrics.disconnect()
	}
	return s.connected
}

// conn tells when it ends.
type conn struct {
	net.Conn
	lose func()
}

func (c conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.lose()
	}
	return n, err
}

func (c conn) Close() error {
	c.lose()
	return c.Conn.Close()
}

// Run is connected to the runtime whenever there is one, until the context ends. It leaves the
// handler a deadline's time to end what it has begun.
func (p *Plugin) Run(ctx context.Context) error {
	p.keepConnected(ctx)
	select {
	case <-p.order.idle():
		return nil
	case <-time.After(p.opt.Deadline):
		return errors.New("nri: the handler of containers is still busy")
	}
}

func (p *Plugin) keepConnected(ctx context.Context) {
	log := logr.FromContextOrDiscard(ctx)
	p.metrics.begin()
	pause, told := p.opt.Reconnect.Min, false
	for {
		connected, err := p.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if connected {
			pause, told = p.opt.Reconnect.Min, true
			log.Info("the connection to the container runtime is lost: until it is back, containers start without their policies", "reason", reason(err))
		} else if !told {
			told = true
			log.Info("no connection to the container runtime; trying again. It needs NRI: containerd 2.0 or newer, or CRI-O with enable_nri", "socket", p.opt.Socket, "reason", reason(err))
		} else {
			log.V(1).Info("no connection to the container runtime", "reason", reason(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause/2+1)):
		}
		pause = min(2*pause, p.opt.Reconnect.Max)
	}
}

func reason(err error) string {
	if err == nil {
		return errLost.Error()
	}
	return err.Error()
}

// connect connects, and returns when the connection has ended; connected says whether the
// runtime had come to tell of containers.
func (p *Plugin) connect(ctx context.Context) (connected bool, err error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "unix", p.opt.Socket)
	if err != nil {
		return false, err
	}
	s := &session{plugin: p, lost: make(chan struct{})}
	c := conn{raw, s.lose}
	defer c.Close()
	st, err := stub.New(&hooks{p, s},
		stub.WithPluginName(p.opt.Name), stub.WithPluginIdx(p.opt.Index), stub.WithConnection(c),
		stub.WithLogger(logger{logr.FromContextOrDiscard(ctx)}),
		// A slow answer is a failure of that container's start, not of the plugin.
		stub.WithFailurePolicy(&api.FailurePolicy{KeepConnected: true, FailRequest: !p.opt.FailOpen}))
	if err != nil {
		return false, err
	}
	if err := s.open(ctx, st, c); err != nil {
		s.end()
		return false, err
	}
	select {
	case <-ctx.Done():
	case <-s.lost:
	}
	st.Stop()
	return s.end(), nil
}

// registration bounds how long the runtime may take to configure a plugin.
const registration = 2 * stub.DefaultRegistrationTimeout

// open registers with the runtime. The stub waits without end for a runtime that accepts the
// registration and goes away.
func (s *session) open(ctx context.Context, st stub.Stub, c conn) error {
	opened := make(chan error, 1)
	go func() { opened <- st.Start(ctx) }()
	limit := time.NewTimer(registration)
	defer limit.Stop()
	select {
	case err := <-opened:
		return err
	case <-s.lost:
	case <-limit.C:
	case <-ctx.Done():
	}
	c.Close()
	select {
	case err := <-opened:
		return errors.Join(errLost, err)
	case <-time.After(time.Second):
	}
	// What it waits for is an answer of ours, which is that the connection is lost.
	if waiting, ok := st.(interface {
		Configure(context.Context, *api.ConfigureRequest) (*api.ConfigureResponse, error)
	}); ok {
		_, _ = waiting.Configure(ctx, &api.ConfigureRequest{})
		return fmt.Errorf("%w before it was configured: %w", errLost, <-opened)
	}
	return errLost
}
