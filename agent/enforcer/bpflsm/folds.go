package bpflsm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
)

// The programs count the repeats of an event instead of sending them (bpf/headers/fold.h). The next
// such event carries the count; here is collected what no event follows.

const (
	// foldWindow is FOLD_WINDOW of bpf/headers/fold.h.
	foldWindow = time.Second
	// foldGrace lets a program finish that has found an entry while its window was open.
	foldGrace = time.Second
	// foldInterval is the time between two collections.
	foldInterval = time.Second
	// foldMemory is longer than it takes until an entry is collected.
	foldMemory = 2 * (foldWindow + foldGrace + foldInterval)
)

// folding remembers the events whose repeats may still have to be told. It belongs to the
// goroutine of Events.
type folding struct {
	collected, aged time.Time
	// Events by foldID: those since aged, and those of the time before.
	young, old map[string]enforcer.Event
}

func newFolding() *folding {
	return &folding{collected: time.Now(), aged: time.Now(), young: map[string]enforcer.Event{}}
}

// foldID is what repeats have in common: the head of the event and its resource.
func foldID(same []byte, resource string) string { return string(same) + resource }

// sameBytes is EVENT_SAME of bpf/headers/event_type.h.
const sameBytes = 8 * len(bpf.EnforcerFoldKey{}.Same)

// parts returns what an entry's key says: the head of its events, and the resource.
func parts(key *bpf.EnforcerFoldKey) (same []byte, resource string) {
	b, err := binary.Append(nil, binary.LittleEndian, key)
	if err != nil {
		panic(err) // a structure of integers alone has a size
	}
	name, _, _ := bytes.Cut(b[sameBytes:], []byte{0})
	return b[:sameBytes], string(name)
}

// maxRemembered bounds each half of the memory; what does not fit is told with less detail.
const maxRemembered = 8192

// remember keeps an event that has been handed over; the resource is the sample's.
func (f *folding) remember(sample []byte, resource string, ev enforcer.Event) {
	if len(f.young) >= maxRemembered {
		return
	}
	ev.Repeats = 0
	f.young[foldID(sample[:sameBytes], resource)] = ev
}

// find returns the event whose repeats an entry counts.
func (f *folding) find(key *bpf.EnforcerFoldKey) (enforcer.Event, bool) {
	id := foldID(parts(key))
	if ev, ok := f.young[id]; ok {
		return ev, true
	}
	ev, ok := f.old[id]
	return ev, ok
}

// due says that it is time to collect.
func (f *folding) due() bool { return time.Since(f.collected) >= foldInterval }

// age forgets the events that nothing can be counted for any more.
func (f *folding) age() {
	f.collected = time.Now()
	if f.collected.Sub(f.aged) > foldMemory {
		f.aged = f.collected
		f.old, f.young = f.young, map[string]enforcer.Event{}
	}
}

// collectRepeats hands over the repeats that no event has followed for a while, or all at the end.
func (e *Enforcer) collectRepeats(f *folding, all bool, handle func(enforcer.Event)) error {
	keys, err := e.foldedKeys(all)
	if err != nil {
		return err
	}
	for i := range keys {
		var entry bpf.EnforcerFold
		err := e.objects.Folds.LookupAndDelete(&keys[i], &entry)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("collect repeated events: %w", err)
		}
		if entry.Repeats > 0 {
			e.handRepeats(f, &keys[i], entry.Repeats, handle)
		}
	}
	return nil
}

// handRepeats makes one event of repeats: it stands for the last of them.
func (e *Enforcer) handRepeats(f *folding, key *bpf.EnforcerFoldKey, repeats uint64, handle func(enforcer.Event)) {
	ev, ok := f.find(key)
	if !ok {
		if ev, ok = e.explainKey(key); !ok {
			e.unexplained.Add(repeats)
			return
		}
	}
	ev.Time, ev.Repeats = time.Now(), repeats-1
	handle(ev)
}

// explainKey makes an event of what its key says, where the buffer had no room for the first.
func (e *Enforcer) explainKey(key *bpf.EnforcerFoldKey) (enforcer.Event, bool) {
	same, resource := parts(key)
	sample := make([]byte, binary.Size(bpf.EnforcerEvent{}))
	copy(sample, same)
	raw, s, err := decode(sample)
	if err != nil {
		return enforcer.Event{}, false
	}
	s.resource = resource
	return e.explain(raw, s)
}

// foldedKeys lists the entries whose windows are over, and have been long enough.
func (e *Enforcer) foldedKeys(all bool) ([]bpf.EnforcerFoldKey, error) {
	now := sinceBoot()
	var keys []bpf.EnforcerFoldKey
	var key bpf.EnforcerFoldKey
	var entry bpf.EnforcerFold
	entries := e.objects.Folds.Iterate()
	for entries.Next(&key, &entry) {
		if all || now-int64(entry.Since) > int64(foldWindow+foldGrace) {
			keys = append(keys, key)
		}
	}
	// What an iteration misses that was cut short is found the next time.
	if err := entries.Err(); err != nil && !errors.Is(err, ebpf.ErrIterationAborted) {
		return nil, fmt.Errorf("collect repeated events: %w", err)
	}
	return keys, nil
}
