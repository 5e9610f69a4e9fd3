package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/cilium/ebpf/ringbuf"
	"github.com/go-logr/logr"

	"kubearmor.io/bpf"
)

// handover is a change from sets of programs of other versions to this one's. Both enforce until
// every container of theirs has its policies here. What is read of another version's maps is all
// that every version has in common: docs/design/lifecycle.md.
type handover struct {
	from []pinned
	// pins is the folder that this set is still to be pinned in; empty: it is.
	pins string
	// alone: this set tells what is allowed and reported.
	alone bool
	// wait are the containers that have no policies here yet.
	wait map[uint32]bool
}

// handOver makes containers and tasks of other sets this one's, which is adopted, or loaded here
// and attached beside them. Those stay in force.
func (e *Enforcer) handOver(ctx context.Context, opt Options, from []pinned, adopted bool) error {
	h := &handover{from: from, wait: map[uint32]bool{}}
	if !adopted {
		if err := e.load(opt); err != nil {
			return err
		}
		e.node.Quiet = 1
		h.pins = opt.Keep.Pins
		if err := e.guardPins(h.pins); err != nil {
			return err
		}
	}
	if err := e.carryOver(ctx, h); err != nil {
		return fmt.Errorf("take over from programs of another version: %w", err)
	}
	if err := e.attachBeside(h, adopted); err != nil {
		return err
	}
	e.handover = h
	logr.FromContextOrDiscard(ctx).Info("programs of two versions are in force", "before", from[0].name(), "now", bpf.Set(), "containers", len(e.containers), "waiting", len(h.wait))
	return nil
}

// attachBeside attaches what judges once every task has its label.
func (e *Enforcer) attachBeside(h *handover, adopted bool) error {
	if !adopted {
		if err := e.attachKeepers(); err != nil {
			return err
		}
	}
	for _, set := range h.from {
		if err := e.copyLabels(set, adopted); err != nil {
			return fmt.Errorf("copy the tasks' labels: %w", err)
		}
	}
	if adopted {
		return nil
	}
	return e.attachJudges()
}

// carryOver makes the containers of other sets this one's.
func (e *Enforcer) carryOver(ctx context.Context, h *handover) error {
	byID, err := e.recorded()
	if err != nil {
		return err
	}
	held, err := e.records.space.Containers()
	if err != nil {
		return err
	}
	theirs := map[uint32]uint64{}
	for _, set := range h.from {
		groups, err := set.containers()
		if err != nil {
			return err
		}
		for id, group := range groups {
			theirs[id] = group
			if err := e.carry(ctx, id, group, byID, held); err != nil {
				return fmt.Errorf("the container of cgroup %d: %w", group, err)
			}
		}
	}
	if err := e.dropEnded(byID, held); err != nil {
		return err
	}
	for _, c := range e.containers {
		if theirs[c.id] == c.cgroup && c.profile == nil {
			h.wait[c.id] = true
		}
	}
	return nil
}

// containers returns the cgroup of each container of a set.
func (p pinned) containers() (map[uint32]uint64, error) {
	groups, err := p.mapNamed("cgroups")
	if err != nil {
		return nil, err
	}
	defer groups.Close()
	return registered(groups)
}

// carry makes a container this set's: with the number that tasks' labels have, its cgroup, mounts
// and policies. Without policies, if they can't be read back: those of the other set hold.
func (e *Enforcer) carry(ctx context.Context, id uint32, group uint64, byID map[uint32]containerRecord, held map[uint32]bool) error {
	for _, c := range e.containers {
		if c.id == id && c.cgroup == group {
			return nil
		}
	}
	log := logr.FromContextOrDiscard(ctx)
	entry, err := e.entries.place(id)
	if err != nil {
		return err
	}
	c := e.restore(log, entry, group, byID, held)
	if err := e.claim(c); err != nil {
		return err
	}
	if err := e.carryPolicies(c, byID[id].Profile); err != nil {
		log.Info("a container's policies can't be read back: those of the version before hold until they are applied again", "container", c.name, "reason", err.Error())
	}
	return nil
}

// carryPolicies puts a recorded profile in force for a container of another set.
func (e *Enforcer) carryPolicies(c *container, profile uint64) error {
	if !c.recorded {
		return errors.New("its mounts are not recorded, or some could not be held")
	}
	if err := e.putOrigins(c, c.found); err != nil {
		return err
	}
	if profile == 0 {
		return errors.New("it has none, or they were being changed")
	}
	p, err := e.records.profile(profile)
	if err != nil {
		return err
	}
	img, err := e.imageOf(p)
	if err != nil {
		return err
	}
	in, err := e.install(p, img)
	if err != nil {
		return err
	}
	e.profiles.alias(profile, in)
	return e.putInForce(c, in)
}

// comeIntoForce pins this set, has it tell alone what is allowed and reported, and retires the
// others if none of their containers waits.
func (e *Enforcer) comeIntoForce(ctx context.Context) error {
	h := e.handover
	if h == nil {
		return nil
	}
	if h.pins != "" {
		if err := e.pin(h.pins); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, set := range h.from {
		if err := set.write("nodes", 0, []byte{1}); err != nil { // quiet
			return err
		}
	}
	atomic.StoreUint32(&e.node.Quiet, 0)
	h.alone = true
	ours := fmt.Sprintf("%d-", bpf.Schema)
	for _, set := range h.from {
		if err := e.inherit(set, strings.HasPrefix(set.name(), ours)); err != nil {
			return err
		}
	}
	logr.FromContextOrDiscard(ctx).Info("in force instead of another version", "programs", len(e.links))
	return e.retire()
}

// waitNoLonger is called when a container has policies here, or is gone.
func (e *Enforcer) waitNoLonger(id uint32) error {
	if e.handover == nil {
		return nil
	}
	delete(e.handover.wait, id)
	return e.retire()
}

// retire ends the other sets, once this one is pinned and nothing is missing in it: their
// programs mean nothing then, and are gone.
func (e *Enforcer) retire() error {
	h := e.handover
	if !h.alone || len(h.wait) > 0 {
		return nil
	}
	e.handover = nil
	var errs []error
	for _, set := range h.from {
		set, err := set.withdraw()
		errs = append(errs, err, set.disarm(), e.inherit(set, false))
		_, _, err = set.remove()
		errs = append(errs, err)
	}
	inForce := map[uint64]*installed{}
	for _, c := range e.containers {
		if c.profile != nil {
			inForce[c.profile.place.Word()] = c.profile
		}
	}
	return errors.Join(append(errs, e.dropProfiles(inForce))...)
}

// inherit takes the events that a set has written and nobody has read. Those of this schema can
// be told, under the profile they were decided by; others are counted.
func (e *Enforcer) inherit(set pinned, tell bool) error {
	events, err := set.mapNamed("events")
	if err != nil {
		return err
	}
	defer events.Close()
	r, err := ringbuf.NewReader(events)
	if err != nil {
		return fmt.Errorf("open the event buffer of another version: %w", err)
	}
	defer r.Close()
	if err := r.Flush(); err != nil {
		return fmt.Errorf("read events of another version: %w", err)
	}
	for {
		rec, err := r.Read()
		switch {
		case errors.Is(err, ringbuf.ErrFlushed), errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("read events of another version: %w", err)
		case tell:
			e.inherited = append(e.inherited, rec.RawSample)
		default:
			e.unexplained.Add(1)
		}
	}
}
