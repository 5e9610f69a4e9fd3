package nri

import (
	"maps"
	"slices"
	"sync"
)

// order has what is done for one container done in the order in which it was asked for.
type order struct {
	mu   sync.Mutex
	last map[string]chan struct{} // by container; closed when its last turn is over
}

// turn is a place in the order, for one container or for several at once.
type turn struct {
	order  *order
	ids    []string
	before []<-chan struct{}
	over   chan struct{}
}

// take takes a place, behind all that were taken for any of the containers. As each is taken in
// one step, no two wait for each other.
func (o *order) take(ids ...string) *turn {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil {
		o.last = map[string]chan struct{}{}
	}
	t := &turn{order: o, ids: ids, over: make(chan struct{})}
	for _, id := range ids {
		if before, ok := o.last[id]; ok && before != t.over {
			t.before = append(t.before, before)
		}
		o.last[id] = t.over
	}
	return t
}

// wait returns when it is the turn's turn.
func (t *turn) wait() {
	for _, before := range t.before {
		<-before
	}
}

// leave ends the turn.
func (t *turn) leave() {
	t.order.mu.Lock()
	defer t.order.mu.Unlock()
	for _, id := range t.ids {
		if t.order.last[id] == t.over {
			delete(t.order.last, id)
		}
	}
	close(t.over)
}

// idle returns a channel that is closed when what was asked for up to now has been done.
func (o *order) idle() <-chan struct{} {
	o.mu.Lock()
	ids := slices.Collect(maps.Keys(o.last))
	o.mu.Unlock()
	done := make(chan struct{})
	t := o.take(ids...)
	go func() {
		defer close(done)
		t.wait()
		t.leave()
	}()
	return done
}
