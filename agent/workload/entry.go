package workload

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/policy"
)

// entry is what is done for one container.
type entry struct {
	mu       sync.Mutex
	c        Container
	gone     bool // it is in no table any more
	restored bool // an agent before has added it, and it has no name yet
	added    bool
	recorded bool

	key     string // of the verdict that is in force
	profile *policy.Profile
	hash    string // the profile's
	err     error  // why it is not under its policies

	now atomic.Pointer[Status] // for those who don't wait for the lock
}

func newEntry(id string) *entry {
	e := &entry{c: Container{ID: id}}
	e.publish()
	return e
}

// take has the entry be for a container, as it is described now.
func (e *entry) take(c Container) {
	e.c = c
	e.publish()
}

func (e *entry) unlock() {
	e.publish()
	e.mu.Unlock()
}

func (e *entry) publish() {
	s := Status{Container: e.c, Err: e.err}
	if e.profile != nil {
		s.Profile = e.hash
		for i := range e.profile.Policies {
			s.Policies = append(s.Policies, e.profile.Policies[i].Ref)
		}
	}
	e.now.Store(&s)
}

// protect does what is missing for a container to be under its policies.
func (p *Protector) protect(ctx context.Context, e *entry) error {
	e.err = p.steps(ctx, e)
	return e.err
}

func (p *Protector) steps(ctx context.Context, e *entry) error {
	if !e.added {
		if err := late(ctx); err != nil {
			return err
		}
		if err := p.enforcer.Add(enforcer.Container{Name: e.c.ID, Cgroup: e.c.Cgroup, Starting: e.c.Starting}); err != nil {
			return err
		}
		e.added, e.restored = true, false
	}
	if !e.recorded {
		if err := late(ctx); err != nil {
			return err
		}
		if err := p.enforcer.Record(e.c.ID, e.c.PID); err != nil {
			return err
		}
		// The number may be another process's by now.
		if err := p.isIts(e.c); err != nil {
			return err
		}
		e.recorded = true
	}
	return p.apply(ctx, e)
}

// apply puts the policies in force that select the container, unless they are.
func (p *Protector) apply(ctx context.Context, e *entry) error {
	facts := p.opt.Facts()
	v, err := facts.judge(e.c, p.opt.Node, p.opt.Defaults, &p.digests)
	if err != nil || e.profile != nil && v.key == e.key {
		return err
	}
	log := logr.FromContextOrDiscard(ctx).WithValues("container", e.c.String())
	for _, text := range v.strange {
		log.Info("an annotation is not understood", "reason", text)
	}
	profile, made, err := p.resolve(v, e.c)
	if err != nil {
		return err
	}
	if err := late(ctx); err != nil {
		return err
	}
	if err := p.enforcer.Apply(e.c.ID, profile); err != nil {
		return err
	}
	e.key, e.profile, e.hash = v.key, profile, profile.Hash()
	p.metrics.applied.Inc()
	if made {
		for _, u := range policy.Supports(profile, p.enforcer.Features()) {
			log.Info("not enforced", "policy", u.Policy.String(), "field", u.Field, "reason", u.Reason, "partly", u.Partly)
		}
	}
	log.V(1).Info("in force", "policies", len(v.selected), "profile", e.hash[:12])
	return nil
}

// resolve returns the profile of a verdict in a container's root.
func (p *Protector) resolve(v verdict, c Container) (*policy.Profile, bool, error) {
	if len(v.selected) == 0 {
		// Nothing to resolve, the same for all.
		return p.memo.profile(v, nil)
	}
	root, err := p.openRoot(c.PID)
	if err != nil {
		return nil, false, err
	}
	defer root.Close()
	// Asked once it is open: what is open stays this process's root.
	if err := p.isIts(c); err != nil {
		return nil, false, err
	}
	recorded, err := p.enforcer.Mounts(c.ID)
	if err != nil {
		return nil, false, err
	}
	v.options.OtherNames = policy.OtherNames(recorded)
	return p.memo.profile(v, root)
}

// isIts says whether a container's process is in its cgroup.
func (p *Protector) isIts(c Container) error {
	group, err := p.cgroupOf(c.PID)
	if err != nil {
		return fmt.Errorf("its process %d is gone: %w", c.PID, err)
	}
	if !c.group().Contains(group) {
		return fmt.Errorf("process %d is in %s, not in the container's cgroup %s: its own has ended", c.PID, group.Dir, c.Cgroup)
	}
	return nil
}

// late says that there is no time left to go on.
func late(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("there was no time left to put its policies in force: %w", context.Cause(ctx))
	}
	return nil
}

// end takes a container out of the enforcer and of the table.
func (p *Protector) end(e *entry) error {
	e.gone = true
	p.mu.Lock()
	delete(p.entries, e.c.ID)
	p.remember(e.c)
	p.mu.Unlock()
	if !e.added && !e.restored {
		return nil
	}
	return p.enforcer.Remove(e.c.ID)
}
