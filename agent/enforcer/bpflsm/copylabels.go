package bpflsm

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"kubearmor.io/bpf"
)

// copyRounds bounds copyLabels: each round copies what was forked in the one before.
const copyRounds = 1000

// copyLabels gives every task the label and the program that it has in another set, until none is
// missing. A task that is forked meanwhile has its parent's in the other set, and so is found by
// the next round. ownFirst: the labels that are here already count more.
func (e *Enforcer) copyLabels(from pinned, ownFirst bool) error {
	c, err := e.newLabelCopier(from, ownFirst)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.untilNoneIsMissing(); err != nil {
		return err
	}
	// A program that has found no label, and an answer by the cgroup, may have written it since.
	if err := e.pool.Wait(); err != nil {
		return err
	}
	return c.untilNoneIsMissing()
}

// labelCopier is the loaded iterator.
type labelCopier struct {
	program *ebpf.Program
	changed *ebpf.Variable
	round   *link.Iter
}

func (e *Enforcer) newLabelCopier(from pinned, ownFirst bool) (*labelCopier, error) {
	spec, err := bpf.LoadHandover()
	if err != nil {
		return nil, err
	}
	if ownFirst {
		if err := spec.Variables["own_first"].Set(uint32(1)); err != nil {
			return nil, err
		}
	}
	use := map[string]*ebpf.Map{
		"labels": e.objects.Labels, "sources": e.objects.Sources, "long_sources": e.objects.LongSources, "long_sources_1": e.objects.LongSources1,
		"containers": e.objects.Containers,
	}
	theirs, err := tasksOf(from, spec)
	defer func() {
		for _, m := range theirs {
			m.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	for name, m := range theirs {
		use[name] = m
	}
	return attachCopier(spec, use)
}

func attachCopier(spec *ebpf.CollectionSpec, use map[string]*ebpf.Map) (*labelCopier, error) {
	var o struct {
		CopyLabels *ebpf.Program  `ebpf:"copy_labels"`
		Changed    *ebpf.Variable `ebpf:"changed"`
	}
	if err := spec.LoadAndAssign(&o, &ebpf.CollectionOptions{MapReplacements: use}); err != nil {
		return nil, err
	}
	round, err := link.AttachIter(link.IterOptions{Program: o.CopyLabels})
	if err != nil {
		return nil, errors.Join(err, o.CopyLabels.Close())
	}
	return &labelCopier{o.CopyLabels, o.Changed, round}, nil
}

// tasksOf opens what another set keeps with tasks. Their programs only in the form that is known.
func tasksOf(from pinned, spec *ebpf.CollectionSpec) (map[string]*ebpf.Map, error) {
	labels, err := from.mapNamed("labels")
	if err != nil {
		return nil, err
	}
	spec.Maps["old_labels"].ValueSize = labels.ValueSize()
	all := map[string]*ebpf.Map{"old_labels": labels}
	for _, name := range []string{"sources", "long_sources", "long_sources_1"} {
		m, err := from.mapNamed(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return all, err
		}
		if m.ValueSize() != spec.Maps["old_"+name].ValueSize {
			m.Close()
			continue
		}
		all["old_"+name] = m
	}
	return all, nil
}

func (c *labelCopier) close() {
	c.round.Close()
	c.program.Close()
}

// untilNoneIsMissing reads the iterator until it has found nothing to do twice in a row.
func (c *labelCopier) untilNoneIsMissing() error {
	idle := 0
	for range copyRounds {
		if err := c.changed.Set(uint32(0)); err != nil {
			return err
		}
		if err := c.read(); err != nil {
			return err
		}
		var changed uint32
		if err := c.changed.Get(&changed); err != nil {
			return err
		}
		if changed > 0 {
			idle = 0
		} else if idle++; idle == 2 {
			return nil
		}
	}
	return fmt.Errorf("after %d rounds some are still missing", copyRounds)
}

// read goes over all tasks once.
func (c *labelCopier) read() error {
	tasks, err := c.round.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, tasks)
	return errors.Join(err, tasks.Close())
}
