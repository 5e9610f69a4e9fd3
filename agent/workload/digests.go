package workload

import (
	"sync"

	"kubearmor.io/policy"
)

// digests knows policies by their content, so that one that was read again, and is the same,
// changes nothing. It remembers those of the last two sets.
type digests struct {
	mu       sync.Mutex
	now, old map[*policy.Policy]string
}

// of returns the hash of a policy's content.
func (d *digests) of(p *policy.Policy) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hash, ok := d.now[p]
	if !ok {
		hash, ok = d.old[p]
	}
	if !ok {
		profile, err := policy.NewProfile([]*policy.Policy{p}, policy.Options{NoBaseline: true})
		if err != nil {
			return "", err
		}
		hash = profile.Hash()
	}
	if d.now == nil {
		d.now = map[*policy.Policy]string{}
	}
	d.now[p] = hash
	return hash, nil
}

// turn begins a new set: what is not asked for any more is forgotten at the next one.
func (d *digests) turn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.old, d.now = d.now, nil
}
