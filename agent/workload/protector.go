package workload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
)

// Options say how containers are protected.
type Options struct {
	// Facts returns what holds now. Refresh is to be called after it has changed.
	Facts func() Facts
	Node  string // its name, for selectors that speak of it
	Defaults
	// Exempt are namespaces whose containers are left alone.
	Exempt []string
	// FailOpen: a container that can't be put under its policies starts without them. Else it
	// does not start. Both are counted.
	FailOpen bool
	// Restored are the IDs of containers that an agent before has protected.
	Restored []string
	// RetryEvery is how often Run tries again what failed; 0 is half a minute.
	RetryEvery time.Duration
}

// Protector keeps containers under policies. It is safe for concurrent use: what is done for one
// container is done one after another, and waits for no other container.
type Protector struct {
	enforcer enforcer.Enforcer
	opt      Options
	digests  digests
	memo     memo
	metrics  metrics
	// A process of a container, as the kernel tells.
	cgroupOf func(pid int) (cgroup.Group, error)
	openRoot func(pid int) (policyset.Root, error)

	again      chan struct{} // Run is to try again at once
	refreshing sync.Mutex

	mu      sync.Mutex // not held while another is waited for
	entries map[string]*entry
	ended   []Container // the last ones, for events that come late
}

// New returns a protector over an enforcer, which stays the caller's.
func New(e enforcer.Enforcer, opt Options) *Protector {
	p := &Protector{
		enforcer: e, opt: opt, entries: map[string]*entry{}, again: make(chan struct{}, 1),
		metrics: newMetrics(), cgroupOf: cgroup.Of, openRoot: policyset.OpenRoot,
	}
	for _, id := range opt.Restored {
		p.entries[id] = newEntry(id)
		p.entries[id].restored = true
	}
	return p
}

// Start puts a container under its policies. On nil its program may run: its profile is in force,
// or the container is exempt, or failing open let it pass. On an error nothing of it is left.
func (p *Protector) Start(ctx context.Context, c Container) error {
	if p.exempt(c) {
		return nil
	}
	e := p.lock(c.ID, true)
	defer e.unlock()
	e.take(c)
	err := p.protect(ctx, e)
	if err == nil {
		return nil
	}
	log := logr.FromContextOrDiscard(ctx)
	if p.opt.FailOpen {
		p.metrics.startedOpen.Inc()
		// When it is tried again, its program runs.
		e.c.Starting, e.c.StartedBefore = false, true
		p.tryAgain()
		log.Error(err, "a container starts without its policies, as configured (FailOpen)", "container", c.String())
		return nil
	}
	p.metrics.refused.Inc()
	err = fmt.Errorf("container %s is not started, because its policies can't be put in force: %w", c, errors.Join(err, p.end(e)))
	log.Error(err, "a container is refused, as configured (FailClosed)", "container", c.String())
	return err
}

// Stop ends what holds for a container. One that is not known is none.
func (p *Protector) Stop(ctx context.Context, id string) {
	e := p.lock(id, false)
	if e == nil {
		return
	}
	defer e.unlock()
	if err := p.end(e); err != nil {
		logr.FromContextOrDiscard(ctx).Error(err, "a container that has ended is not forgotten whole: restart the agent if this goes on", "container", e.c.String())
	}
}

// Sync puts containers that run under their policies. It goes on after an error of one, and
// returns them all. Those that are protected and not among these stay.
func (p *Protector) Sync(ctx context.Context, all []Container) error {
	var errs []error
	for _, c := range all {
		if p.exempt(c) {
			continue
		}
		if err := p.sync(ctx, c); err != nil {
			p.metrics.failed.Inc()
			errs = append(errs, fmt.Errorf("container %s runs, and its policies can't be put in force: %w", c, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Protector) sync(ctx context.Context, c Container) error {
	e := p.lock(c.ID, true)
	defer e.unlock()
	if e.added {
		c.StartedBefore = e.c.StartedBefore
	}
	e.take(c)
	return p.protect(ctx, e)
}

// Refresh applies what has changed of the facts, to the containers that are concerned. It goes
// on after an error of one, for which what was in force stays, and returns them all.
func (p *Protector) Refresh(ctx context.Context) error {
	p.refreshing.Lock()
	defer p.refreshing.Unlock()
	p.digests.turn()
	var errs []error
	for _, id := range p.ids() {
		e := p.lock(id, false)
		if e == nil {
			continue
		}
		errs = append(errs, p.refresh(ctx, e))
		e.unlock()
	}
	return errors.Join(errs...)
}

func (p *Protector) refresh(ctx context.Context, e *entry) error {
	if e.restored || e.c.Cgroup == "" {
		return nil // nobody has described it yet: it keeps what it has
	}
	err := p.protect(ctx, e)
	if err == nil || p.over(e.c) {
		return nil
	}
	p.metrics.failed.Inc()
	return fmt.Errorf("container %s keeps what was in force: %w", e.c, err)
}

// Run tries again what failed, until the context ends.
func (p *Protector) Run(ctx context.Context) error {
	every := cmp.Or(p.opt.RetryEvery, 30*time.Second)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-p.again:
		}
		p.retry(ctx)
	}
}

// tryAgain has Run do so at once, if it runs.
func (p *Protector) tryAgain() {
	select {
	case p.again <- struct{}{}:
	default: // it will
	}
}

func (p *Protector) retry(ctx context.Context) {
	for _, id := range p.ids() {
		e := p.lock(id, false)
		if e == nil {
			continue
		}
		if e.err != nil {
			if err := p.refresh(ctx, e); err != nil {
				logr.FromContextOrDiscard(ctx).Error(err, "policies are not in force; trying again", "container", e.c.String())
			} else if e.err == nil {
				logr.FromContextOrDiscard(ctx).Info("policies are in force that could not be put in force before", "container", e.c.String())
			}
		}
		e.unlock()
	}
}

// over says whether nothing runs in a container any more.
func (p *Protector) over(c Container) bool {
	populated, err := cgroup.Group{Dir: c.Cgroup}.Populated()
	return err == nil && !populated
}

func (p *Protector) exempt(c Container) bool { return slices.Contains(p.opt.Exempt, c.Pod.Namespace) }

// lock returns a container's entry, locked; nil if there is none and none is to be made.
func (p *Protector) lock(id string, create bool) *entry {
	for {
		p.mu.Lock()
		e := p.entries[id]
		if e == nil && create {
			e = newEntry(id)
			p.entries[id] = e
		}
		p.mu.Unlock()
		if e == nil {
			return nil
		}
		e.mu.Lock()
		if !e.gone {
			return e
		}
		e.mu.Unlock() // it ended while this waited
	}
}

func (p *Protector) ids() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.entries))
}
