package workload

import (
	"fmt"
	"maps"
	"slices"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/policy"
)

// Status is what holds for one container.
type Status struct {
	Container Container
	Policies  []policy.Ref // that are in force
	Profile   string       // its hash; empty while none is in force
	Err       error        // why it is not under its policies, or not under those that select it now
}

// Status returns what holds for each container, by ID. It waits for nothing.
func (p *Protector) Status() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Status, 0, len(p.entries))
	for _, id := range slices.Sorted(maps.Keys(p.entries)) {
		all = append(all, *p.entries[id].now.Load())
	}
	return all
}

// maxEnded bounds how many containers that have ended are remembered.
const maxEnded = 256

// remember keeps a container that has ended for a while. The caller holds the lock of the table.
func (p *Protector) remember(c Container) {
	if len(p.ended) == maxEnded {
		p.ended = slices.Delete(p.ended, 0, 1)
	}
	p.ended = append(p.ended, c)
}

// Find returns a container by its ID, which is what events name it by; one that ended not long
// ago as well.
func (p *Protector) Find(id string) (Container, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[id]; e != nil {
		return e.now.Load().Container, nil
	}
	for _, c := range slices.Backward(p.ended) {
		if c.ID == id {
			return c, nil
		}
	}
	return Container{}, fmt.Errorf("container %s is not known", shortID(id))
}

func (c Container) group() cgroup.Group { return cgroup.Group{Dir: c.Cgroup} }
