package bpflsm

import (
	"sync"

	"kubearmor.io/agent/enforcer/bpflsm/slab"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

// installed is a profile whose image stands in a slab.
type installed struct {
	id      uint64
	hash    string
	profile *policy.Profile
	image   *image.Image
	need    need
	place   slab.Place
	users   int // containers
}

// profiles knows the installed profiles and the containers, and for a while the ones before:
// an event names them by number, and may be read after they are gone.
type profiles struct {
	mu      sync.Mutex
	next    uint64
	byHash  map[string]*installed
	byID    map[uint64]*installed
	retired []uint64

	names map[uint32]string // of containers
	gone  []uint32
}

// newProfiles numbers profiles from the time since boot, in nanoseconds, up: no agent gives a
// number twice that events of an agent before may still name.
func newProfiles() *profiles {
	return &profiles{next: uint64(sinceBoot()), byHash: map[string]*installed{}, byID: map[uint64]*installed{}, names: map[uint32]string{}}
}

// find returns the installed profile with the same content, or nil.
func (p *profiles) find(hash string) *installed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byHash[hash]
}

// number returns an id for a profile that is about to be installed.
func (p *profiles) number() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	return p.next - 1
}

func (p *profiles) add(in *installed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byHash[in.hash], p.byID[in.id] = in, in
}

// alias names a profile by another number too, for the events of another set of programs.
func (p *profiles) alias(id uint64, in *installed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID[id] = in
	p.retired = append(p.retired, id)
}

// retire keeps a profile for events only. Every event of its is in the buffer by now.
func (p *profiles) retire(in *installed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byHash[in.hash] == in {
		delete(p.byHash, in.hash)
	}
	p.retired = append(p.retired, in.id)
}

// forget drops the retired profiles; the caller has seen the event buffer empty since.
func (p *profiles) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range p.retired {
		delete(p.byID, id)
	}
	for _, id := range p.gone {
		delete(p.names, id)
	}
	p.retired, p.gone = nil, nil
}

// addContainer names a container for events.
func (p *profiles) addContainer(id uint32, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[id] = name
}

// retireContainer keeps a container's name for the events that are on their way.
func (p *profiles) retireContainer(id uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = append(p.gone, id)
}

// container returns the name of an event's container.
func (p *profiles) container(id uint32) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.names[id]
}

// of returns the profile of an event.
func (p *profiles) of(id uint64) (*installed, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in, ok := p.byID[id]
	return in, ok
}
