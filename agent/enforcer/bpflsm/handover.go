package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
	"github.com/go-logr/logr"

	"kubearmor.io/bpf"
)

// handover is a change from a set of programs of another version to this one's. Both enforce
// until every container of the old one has its policies here, and every task its label.
type handover struct {
	old  []pinned
	dir  string          // of the new set
	wait map[uint32]bool // containers whose policies can't be read back: until they are applied
}

// handOver loads this version's programs beside those that are in force.
func (e *Enforcer) handOver(ctx context.Context, opt Options, old []pinned) error {
	log := logr.FromContextOrDiscard(ctx)
	if err := e.load(opt); err != nil {
		return err
	}
	e.node.Quiet = 1
	h := &handover{old: old, dir: filepath.Join(opt.Keep.Pins, bpf.Set()), wait: map[uint32]bool{}}
	all, err := e.recorded()
	if err != nil {
		return err
	}
	for _, rec := range all {
		if err := e.carryOver(rec); err != nil {
			log.Info("a container's policies can't be read back: those of the version before hold until they are applied again", "container", rec.Name, "reason", err.Error())
			h.wait[rec.ID] = true
		}
	}
	if err := e.attach(); err != nil {
		return err
	}
	for _, set := range old {
		if err := e.copyLabels(set); err != nil {
			return err
		}
	}
	e.handover = h
	log.Info("programs of two versions are in force", "before", old[0].name(), "now", bpf.Set(), "containers", len(all), "waiting", len(h.wait))
	return e.succeed()
}

// carryOver makes a recorded container one of this set's: with the number that tasks' labels
// have, its cgroup, mounts and policies. Where the policies can't be had it is protected
// without any.
func (e *Enforcer) carryOver(rec containerRecord) error {
	entry, err := e.entries.place(rec.ID)
	if err != nil {
		return err
	}
	c := &container{name: rec.Name, entry: entry, id: rec.ID, cgroup: rec.Cgroup, dir: rec.Dir, restored: true}
	c.found, c.held = rec.origins()
	e.containers[c.name] = c
	e.profiles.addContainer(c.id, c.name)
	if err := e.claim(c); err != nil {
		return err
	}
	if c.found == nil || slices.Contains(c.held, false) {
		return errors.New("its mounts are not recorded, or some could not be held")
	}
	if err := e.putOrigins(c, c.found); err != nil {
		return err
	}
	c.recorded, c.keepRecord = true, true
	if rec.Profile == 0 {
		return nil // it has none yet
	}
	p, err := e.records.profile(rec.Profile)
	if err != nil {
		return err
	}
	in, err := e.install(p)
	if err != nil {
		return err
	}
	return e.putInForce(c, in)
}

// succeed ends the version before, once nothing is missing here.
func (e *Enforcer) succeed() error {
	h := e.handover
	if h == nil || len(h.wait) > 0 {
		return nil
	}
	if err := e.guardPins(filepath.Dir(h.dir)); err != nil {
		return err
	}
	set, err := pinSet(h.dir, &e.objects, e.links)
	if err == nil {
		_, err = set.complete()
	}
	if err != nil {
		return err
	}
	e.handover = nil
	return e.retire(h.old)
}

// retire has the sets before be silent, then mean nothing, then be gone.
func (e *Enforcer) retire(old []pinned) error {
	var errs []error
	for _, set := range old {
		errs = append(errs, set.write("nodes", 0, []byte{1})) // quiet
	}
	atomic.StoreUint32(&e.node.Quiet, 0)
	for _, set := range old {
		errs = append(errs, set.disarm())
		_, _, err := set.remove()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// disarm clears a set's containers: its programs let everything pass then, also where somebody
// else still holds them.
func (p pinned) disarm() error {
	m, err := p.mapNamed("containers")
	if err != nil {
		return err
	}
	defer m.Close()
	return p.write("containers", 0, make([]byte, int(m.MaxEntries()*m.ValueSize())))
}

// write writes into the memory of a pinned map.
func (p pinned) write(name string, at int64, what []byte) error {
	m, err := p.mapNamed(name)
	if err != nil {
		return err
	}
	defer m.Close()
	memory, err := m.Memory()
	if err == nil {
		_, err = memory.WriteAt(what, at)
	}
	if err != nil {
		return fmt.Errorf("write map %s: %w", name, err)
	}
	return nil
}

// copyRounds bounds copyLabels: each round copies what was forked in the one before.
const copyRounds = 1000

// copyLabels gives every task the label that it has in another set, until none is missing. A task
// that is forked meanwhile has its parent's in the other set, and so is found by the next round.
func (e *Enforcer) copyLabels(from pinned) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("copy the tasks' labels: %w", err)
		}
	}()
	if err := rlimit.RemoveMemlock(); err != nil {
		return err
	}
	spec, err := bpf.LoadHandover()
	if err != nil {
		return err
	}
	old, err := from.mapNamed("labels")
	if err != nil {
		return err
	}
	defer old.Close()
	spec.Maps["old_labels"].ValueSize = old.ValueSize()
	var o struct {
		CopyLabels *ebpf.Program  `ebpf:"copy_labels"`
		Changed    *ebpf.Variable `ebpf:"changed"`
	}
	err = spec.LoadAndAssign(&o, &ebpf.CollectionOptions{MapReplacements: map[string]*ebpf.Map{"old_labels": old, "labels": e.objects.Labels}})
	if err != nil {
		return err
	}
	defer o.CopyLabels.Close()
	round, err := link.AttachIter(link.IterOptions{Program: o.CopyLabels})
	if err != nil {
		return err
	}
	defer round.Close()
	quiet := 0
	for rounds := 0; quiet < 2; rounds++ {
		if rounds == copyRounds {
			return fmt.Errorf("after %d rounds some are still missing", rounds)
		}
		if err := o.Changed.Set(uint32(0)); err != nil {
			return err
		}
		tasks, err := round.Open()
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, tasks)
		if err := errors.Join(err, tasks.Close()); err != nil {
			return err
		}
		var changed uint32
		if err := o.Changed.Get(&changed); err != nil {
			return err
		}
		quiet++
		if changed > 0 {
			quiet = 0
		}
	}
	return nil
}
