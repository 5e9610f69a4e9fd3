package bpflsm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/bpf"
)

// Start says what becomes of programs that start in pods while no agent answers.
type Start struct {
	// Closed denies them (FailClosed); else they are counted (FailOpen).
	Closed bool
	// Timeout is after how long without an agent what is closed opens.
	Timeout time.Duration
	// Parents are the folders of the cgroups that pods have theirs below, Exempt those of pods
	// that start in any case: the agent's own.
	Parents, Exempt []string
}

// DefaultStartTimeout lets a node recover where the agent can't be started.
const DefaultStartTimeout = 5 * time.Minute

// An agent gives a sign of life each heartbeat; without one for as long as answersFor, it is
// taken for gone. That it has ended is seen at once.
const (
	heartbeat  = time.Second
	answersFor = 10 * time.Second
)

// nodeMemory is the one value of the map of that name, mapped.
type nodeMemory struct {
	memory []byte
	*bpf.EnforcerNode
}

func mapNode(m *ebpf.Map) (*nodeMemory, error) {
	memory, err := unix.Mmap(m.FD(), 0, int(unsafe.Sizeof(bpf.EnforcerNode{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map what is known of the node: %w", err)
	}
	return &nodeMemory{memory, (*bpf.EnforcerNode)(unsafe.Pointer(&memory[0]))}, nil
}

func (n *nodeMemory) close() error { return unix.Munmap(n.memory) }

// live tells the programs that this process is the agent, and that it lives, until the context ends.
func (e *Enforcer) live(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.beat()
		}
	}
}

func (e *Enforcer) beat() { atomic.StoreUint64(&e.node.Heartbeat, uint64(sinceBoot())) }

// beginLife makes this process the agent.
func (e *Enforcer) beginLife(opt Options) error {
	if err := e.setStart(opt.Start); err != nil {
		return err
	}
	e.node.AnswersFor = uint64(answersFor)
	e.beat()
	atomic.StoreUint32(&e.node.Agent, uint32(os.Getpid()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	e.endLife = func() { cancel(); <-done }
	go e.live(ctx, done)
	return nil
}

// setStart tells the programs about programs that start while no agent answers. What an agent before has
// told them holds until then.
func (e *Enforcer) setStart(s *Start) error {
	if s == nil {
		atomic.StoreUint32(&e.node.StartGate, 0)
		return nil
	}
	kinds := map[uint64]bpf.EnforcerStartParent{}
	for _, part := range []struct {
		dirs []string
		kind bpf.EnforcerStartParent
	}{{s.Parents, bpf.EnforcerStartParentPARENT_OF_PODS}, {s.Exempt, bpf.EnforcerStartParentPARENT_EXEMPT}} {
		for _, dir := range part.dirs {
			id, err := cgroup.Group{Dir: dir}.ID()
			if err != nil {
				return fmt.Errorf("watch starts: %w", err)
			}
			kinds[id] = part.kind
		}
	}
	if err := replaceEntries(e.objects.StartParents, kinds); err != nil {
		return fmt.Errorf("watch starts: %w", err)
	}
	var closed, gate uint32
	if s.Closed {
		closed = 1
	}
	if len(kinds) > 0 {
		gate = 1
	}
	atomic.StoreUint64(&e.node.OpensAfter, uint64(cmp.Or(s.Timeout, DefaultStartTimeout)))
	atomic.StoreUint32(&e.node.StartClosed, closed)
	atomic.StoreUint32(&e.node.StartGate, gate)
	return nil
}

// replaceEntries makes a map hold these.
func replaceEntries(m *ebpf.Map, want map[uint64]bpf.EnforcerStartParent) error {
	var key uint64
	var value uint32
	var old []uint64
	entries := m.Iterate()
	for entries.Next(&key, &value) {
		if _, stays := want[key]; !stays {
			old = append(old, key)
		}
	}
	errs := []error{entries.Err()}
	for _, key := range old {
		errs = append(errs, m.Delete(key))
	}
	for key, kind := range want {
		errs = append(errs, m.Update(key, uint32(kind), ebpf.UpdateAny))
	}
	return errors.Join(errs...)
}

// guard keeps containers from what is ours in the kernel: the links, their programs, and
// the maps that those use. Slabs are guarded when they are made.
func (e *Enforcer) guard(links []link.Link) error {
	for _, l := range links {
		info, err := l.Info()
		if err != nil {
			return fmt.Errorf("guard the programs: %w", err)
		}
		p, err := ebpf.NewProgramFromID(info.Program)
		if err != nil {
			return fmt.Errorf("guard the programs: %w", err)
		}
		about, err := p.Info()
		p.Close()
		if err != nil {
			return fmt.Errorf("guard the programs: %w", err)
		}
		link := bpf.EnforcerGuardedKey{Kind: uint32(bpf.EnforcerGuardedKindGUARDED_LINK), Id: uint32(info.ID)}
		if err := e.guardIDs(append(guardedOf(about, info.Program), link)); err != nil {
			return err
		}
	}
	return nil
}

// guardOnDemand keeps containers from the programs that are not attached now.
func (e *Enforcer) guardOnDemand() error {
	for _, name := range onDemand() {
		p := e.objects.programs[name]
		if p == nil {
			continue
		}
		about, err := p.Info()
		if err != nil {
			return fmt.Errorf("guard the programs: %w", err)
		}
		id, ok := about.ID()
		if !ok {
			return errors.New("guard the programs: the kernel does not number them")
		}
		if err := e.guardIDs(guardedOf(about, id)); err != nil {
			return err
		}
	}
	return nil
}

// guardedOf are a program and its maps.
func guardedOf(p *ebpf.ProgramInfo, id ebpf.ProgramID) []bpf.EnforcerGuardedKey {
	ids := []bpf.EnforcerGuardedKey{{Kind: uint32(bpf.EnforcerGuardedKindGUARDED_PROGRAM), Id: uint32(id)}}
	maps, _ := p.MapIDs()
	for _, id := range maps {
		ids = append(ids, bpf.EnforcerGuardedKey{Kind: uint32(bpf.EnforcerGuardedKindGUARDED_MAP), Id: uint32(id)})
	}
	return ids
}

func (e *Enforcer) guardIDs(ids []bpf.EnforcerGuardedKey) error {
	for _, key := range ids {
		if err := e.objects.Guarded.Update(key, uint32(1), ebpf.UpdateAny); err != nil {
			return fmt.Errorf("guard the programs: %w", err)
		}
	}
	return nil
}

// guardMap guards one map.
func (e *Enforcer) guardMap(m *ebpf.Map) error {
	info, err := m.Info()
	if err != nil {
		return fmt.Errorf("guard a map: %w", err)
	}
	id, ok := info.ID()
	if !ok {
		return errors.New("guard a map: the kernel does not number it")
	}
	return e.guardIDs([]bpf.EnforcerGuardedKey{{Kind: uint32(bpf.EnforcerGuardedKindGUARDED_MAP), Id: uint32(id)}})
}

// guardPins keeps containers from the folder of pins.
func (e *Enforcer) guardPins(dir string) error {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return fmt.Errorf("guard the pins: %w", err)
	}
	e.node.Pins = st.Ino
	// As the kernel keeps it: MKDEV of linux/kdev_t.h.
	e.node.PinsDevice = unix.Major(uint64(st.Dev))<<20 | unix.Minor(uint64(st.Dev))
	return nil
}
