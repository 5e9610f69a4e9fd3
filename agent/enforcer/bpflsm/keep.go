package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"kubearmor.io/agent/hold"
	"kubearmor.io/bpf"
)

// Keep says where what outlives the agent is kept. The caller holds the node's lock.
type Keep struct {
	Pins string // a folder in a folder that is, or can become, a BPF file system
	Run  string // for records
}

// begin takes over what an agent before has left, or loads anew and pins.
func (e *Enforcer) begin(ctx context.Context, opt Options) (err error) {
	keep := opt.Keep
	if err := mountBPF(filepath.Dir(keep.Pins)); err != nil {
		return err
	}
	if err := os.MkdirAll(keep.Pins, 0o700); err != nil {
		return fmt.Errorf("pin the programs: %w", err)
	}
	if e.records, err = openRecords(keep.Run); err != nil {
		return err
	}
	complete, broken, err := setsIn(keep.Pins)
	if err != nil {
		return err
	}
	for _, set := range broken {
		if _, _, err := set.remove(); err != nil {
			return err
		}
	}
	own := slices.IndexFunc(complete, func(set pinned) bool { return set.name() == bpf.Set() })
	if own >= 0 {
		if err := e.adopt(ctx, complete[own]); err != nil {
			return err
		}
		complete = slices.Delete(complete, own, own+1)
	}
	if len(complete) > 0 {
		return e.handOver(ctx, opt, complete, own >= 0)
	}
	if own >= 0 {
		atomic.StoreUint32(&e.node.Quiet, 0)
		return nil
	}
	return e.fresh(opt)
}

// fresh loads and pins; there is nothing to take over.
func (e *Enforcer) fresh(opt Options) error {
	if err := errors.Join(e.load(opt), e.forgetRecords()); err != nil {
		return err
	}
	if err := e.attach(); err != nil {
		return err
	}
	return e.pin(opt.Keep.Pins)
}

// pin has the programs stay in force without this process.
func (e *Enforcer) pin(pins string) error {
	if err := e.guardPins(pins); err != nil {
		return err
	}
	set, err := pinSet(filepath.Join(pins, bpf.Set()), &e.objects, e.links, e.asked)
	if err == nil {
		set, err = set.complete()
	}
	if err == nil {
		e.pinned = set
	}
	return err
}

// forgetRecords removes the records of programs that are gone.
func (e *Enforcer) forgetRecords() error {
	var errs []error
	for _, kind := range []string{containerRecords, profileRecords} {
		names, err := e.records.store.Names(kind)
		errs = append(errs, err)
		for _, name := range names {
			errs = append(errs, e.records.store.Delete(kind, name))
		}
	}
	held, err := e.records.space.Containers()
	errs = append(errs, err)
	for id := range held {
		errs = append(errs, e.records.space.Drop(id))
	}
	return errors.Join(errs...)
}

// Released is what Release has removed.
type Released struct {
	Links, Maps int
	Containers  int
	Mounts      bool // held mounts
}

// Nothing says that there was nothing.
func (r Released) Nothing() bool { return r == Released{} }

// String says it in a line.
func (r Released) String() string {
	if r.Nothing() {
		return "nothing was in force"
	}
	parts := []string{fmt.Sprintf("%d programs, %d maps, records of %d containers", r.Links, r.Maps, r.Containers)}
	if r.Mounts {
		parts = append(parts, "held mounts")
	}
	return "removed " + strings.Join(parts, ", ")
}

// Release ends enforcement that outlives its agent, of any version, and removes every trace of
// it but the lock. No agent may run: the caller holds the node's lock.
func Release(keep Keep) (Released, error) {
	var r Released
	complete, broken, err := setsIn(keep.Pins)
	errs := []error{err}
	for _, set := range append(complete, broken...) {
		set, err := set.withdraw()
		errs = append(errs, err)
		if disarmed := set.disarm(); disarmed != nil && !errors.Is(disarmed, fs.ErrNotExist) {
			errs = append(errs, disarmed)
		}
		links, maps, err := set.remove()
		r.Links, r.Maps = r.Links+links, r.Maps+maps
		errs = append(errs, err)
	}
	if err := os.Remove(keep.Pins); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, fmt.Errorf("unpin the programs: %w", err))
	}
	records, err := os.ReadDir(filepath.Join(keep.Run, containerRecords))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	r.Containers = len(records)
	for _, kind := range []string{containerRecords, profileRecords} {
		errs = append(errs, os.RemoveAll(filepath.Join(keep.Run, kind)))
	}
	r.Mounts, err = hold.Release(keep.Run)
	return r, errors.Join(append(errs, err)...)
}
