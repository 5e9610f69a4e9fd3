package nri

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/containerd/nri/pkg/api"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/workload"
)

// Handler does what is to be done about containers. workload.Protector is one.
type Handler interface {
	// Start is called before the container's program runs, which it does not before Start has
	// returned or its time is over. An error aborts the start.
	Start(context.Context, workload.Container) error
	// Stop is called when nothing runs in the container any more.
	Stop(ctx context.Context, id string)
	// Sync is called with the containers that run, after each connect. Those that have ended
	// since the last one were stopped before.
	Sync(context.Context, []workload.Container) error
}

// Options of a Plugin. The zero value is the default of each.
type Options struct {
	Socket string // of the runtime; /var/run/nri/nri.sock
	Name   string // by which the runtime knows the plugin; kubearmor
	Index  string // two digits: its place among the runtime's plugins; 90
	// Deadline is how long a Handler has for a container that starts; 1 s. It is cut to half of
	// what the runtime grants, if that is less, and Grace to a quarter.
	Deadline time.Duration
	// Grace is how much longer the answer is waited for: a Handler that heeds its context
	// decides itself what to answer. 250 ms.
	Grace time.Duration
	// FailOpen: a container starts when no Handler has decided, because what the runtime says of
	// it makes no sense, or no answer came in time. Else it does not.
	FailOpen bool
	// Known are the containers that an agent before has protected: their cgroup's folder by ID.
	Known map[string]string
	// Reconnect bounds the time between tries to connect; 50 ms, doubled up to 2 s.
	Reconnect struct{ Min, Max time.Duration }
}

func (o Options) withDefaults() Options {
	o.Socket = cmp.Or(o.Socket, api.DefaultSocketPath)
	o.Name = cmp.Or(o.Name, "kubearmor")
	o.Index = cmp.Or(o.Index, "90")
	o.Deadline = cmp.Or(o.Deadline, time.Second)
	o.Grace = cmp.Or(o.Grace, 250*time.Millisecond)
	o.Reconnect.Min = cmp.Or(o.Reconnect.Min, 50*time.Millisecond)
	o.Reconnect.Max = max(cmp.Or(o.Reconnect.Max, 2*time.Second), o.Reconnect.Min)
	return o
}

// Plugin is this node's plugin of its container runtime. It is a prometheus.Collector.
type Plugin struct {
	handler Handler
	opt     Options
	find    finder
	order   order
	metrics *metrics

	mu    sync.Mutex
	known map[string]string // cgroup folders of the containers that were handed over, by ID
}

// New returns a plugin that does nothing until Run.
func New(h Handler, opt Options) (*Plugin, error) {
	opt = opt.withDefaults()
	if err := errors.Join(api.CheckPluginName(opt.Name), api.CheckPluginIndex(opt.Index)); err != nil {
		return nil, fmt.Errorf("nri: %w", err)
	}
	if opt.Deadline < 0 || opt.Grace < 0 || opt.Deadline+opt.Grace >= api.DefaultPluginRequestTimeout {
		return nil, fmt.Errorf("nri: a deadline of %v and %v of grace: the runtime disconnects plugins that take %v", opt.Deadline, opt.Grace, api.DefaultPluginRequestTimeout)
	}
	find, err := newFinder()
	if err != nil {
		return nil, fmt.Errorf("nri: %w", err)
	}
	p := &Plugin{handler: h, opt: opt, find: find, metrics: newMetrics(time.Now), known: map[string]string{}}
	maps.Copy(p.known, opt.Known)
	return p, nil
}

// newFinder looks at the hierarchy as this process sees it.
func newFinder() (finder, error) {
	root, err := cgroup.Mounted()
	if err != nil {
		return finder{}, err
	}
	own, err := cgroup.Of(os.Getpid())
	if err != nil {
		return finder{}, err
	}
	return finder{root: root, own: own, read: func(pid int) ([]byte, error) {
		return os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	}}, nil
}

// know remembers that a container was handed over.
func (p *Plugin) know(id, dir string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[id] = dir
}

func (p *Plugin) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, id)
}

// knows returns the cgroup's folder of a container that was handed over.
func (p *Plugin) knows(id string) (dir string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	dir, ok = p.known[id]
	return dir, ok
}

func (p *Plugin) allKnown() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.known)
}
