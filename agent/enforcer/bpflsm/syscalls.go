package bpflsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"kubearmor.io/bpf"
	"kubearmor.io/policy/image"
)

// Every system call of every task of the node passes the programs that watch them, once they are
// attached. So they are attached while some profile in force names a call, and not longer.

// onDemand are the programs that are not always attached, in the order in which they are.
func onDemand() []string { return []string{"leave_syscall", "enter_syscall"} }

func isOnDemand(name string) bool { return slices.Contains(onDemand(), name) }

// calls are the system calls that a profile names, as bits by row.
type calls [image.SyscallRows / 64]uint64

// everyCall stands for the calls of a profile that can't be read back.
func everyCall() (all calls) {
	for i := range all {
		all[i] = ^uint64(0)
	}
	return all
}

func (c *calls) add(other calls) {
	for i := range c {
		c[i] |= other[i]
	}
}

// heedCalls has the programs watch the calls that profiles in force name, and those of a profile that is
// about to be: it is called before that one comes into force, without it after another one
// is gone, and when an agent has taken over. What is not attached yet is attached by attachJudges.
func (e *Enforcer) heedCalls(next ...*installed) error {
	var all calls
	for _, c := range e.containers {
		if c.profile != nil {
			all.add(c.profile.calls)
		}
	}
	for _, in := range next {
		all.add(in.calls)
	}
	for i := range all {
		atomic.StoreUint64(&e.node.Syscalls[i], all[i])
	}
	if all == (calls{}) {
		return e.detachOnDemand()
	}
	return e.attachOnDemand()
}

func (e *Enforcer) attachOnDemand() error {
	for _, name := range onDemand() {
		if e.asked[name] != nil || !e.judging {
			continue
		}
		p := e.objects.programs[name]
		if p == nil {
			return errors.New("watch system calls: this kernel has no trace point for them")
		}
		l, err := link.AttachTracing(link.TracingOptions{Program: p})
		if err == nil {
			err = errors.Join(e.guard([]link.Link{l}), e.pinned.pinLink(name, l))
		}
		if err != nil {
			if l != nil {
				err = errors.Join(err, l.Close())
			}
			return fmt.Errorf("watch system calls: attach %s: %w", name, err)
		}
		e.asked[name] = l
	}
	return nil
}

// detachOnDemand ends the watching: what is not pinned and not open is gone.
func (e *Enforcer) detachOnDemand() error {
	var errs []error
	for name, l := range e.asked {
		errs = append(errs, e.unguard(l), e.pinned.unpinLink(name), l.Close())
		delete(e.asked, name)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("watch system calls no longer: %w", err)
	}
	return nil
}

// callsMissed counts calls that the kernel did not show to the programs, as it does not run one inside
// of itself: where one is preempted in the middle, another task's call meanwhile.
func (e *Enforcer) callsMissed() (n uint64, err error) {
	for _, name := range onDemand() {
		if p := e.objects.programs[name]; p != nil {
			stats, err := p.Stats()
			if err != nil {
				return 0, fmt.Errorf("read the counters: %w", err)
			}
			n += stats.RecursionMisses
		}
	}
	return n, nil
}

// unguard forgets a link that ends: others have other numbers.
func (e *Enforcer) unguard(l link.Link) error {
	info, err := l.Info()
	if err != nil {
		return err
	}
	err = e.objects.Guarded.Delete(bpf.EnforcerGuardedKey{Kind: uint32(bpf.EnforcerGuardedKindGUARDED_LINK), Id: uint32(info.ID)})
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil
	}
	return err
}

// pinLink pins the link of a program that is attached on demand, if the set is pinned.
func (p pinned) pinLink(name string, l link.Link) error {
	if p.dir == "" {
		return nil
	}
	if err := l.Pin(p.link(name)); err != nil {
		return fmt.Errorf("pin its link: %w", err)
	}
	return nil
}

func (p pinned) unpinLink(name string) error {
	if p.dir == "" {
		return nil
	}
	if err := os.Remove(p.link(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
