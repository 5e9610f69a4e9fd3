package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/enforcer/bpflsm/slab"
	"kubearmor.io/bpf"
	"kubearmor.io/policy"
)

// Options of Load.
type Options struct {
	// EventBytes is the size of the buffer between kernel and agent, a power of two of at
	// least a page; 0 is DefaultEventBytes.
	EventBytes uint32
}

// DefaultEventBytes holds some thousands of events.
const DefaultEventBytes = 1 << 20

// slotsPerCPU is SLOTS_PER_CPU of bpf/headers/scratch.h.
const slotsPerCPU = 8

// Enforcer is the attached set of programs. It implements enforcer.Enforcer.
type Enforcer struct {
	objects  bpf.EnforcerObjects // maps and variables
	programs map[string]*ebpf.Program
	links    []link.Link
	reader   *ringbuf.Reader
	handles  bool // the kernel can open files by handle
	// unexplained counts events of a profile or an outcome that is not known.
	unexplained atomic.Uint64

	mu         sync.Mutex
	entries    *entries
	pool       *slab.Pool
	containers map[string]*container
	profiles   *profiles
}

var _ enforcer.Enforcer = (*Enforcer)(nil)

// Load checks the machine, attaches the programs and proves that they deny. On an error
// nothing is left attached. Close must be called.
func Load(ctx context.Context, opt Options) (*Enforcer, error) {
	if err := Check(); err != nil {
		return nil, err
	}
	e := &Enforcer{containers: map[string]*container{}, profiles: newProfiles()}
	if err := e.load(opt); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.attach(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.prove(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// load brings programs and maps into the kernel.
func (e *Enforcer) load(opt Options) error {
	if err := rlimit.RemoveMemlock(); err != nil {
		return fmt.Errorf("lift the limit of locked memory: %w", err)
	}
	spec, err := bpf.LoadEnforcer()
	if err != nil {
		return fmt.Errorf("read the embedded programs: %w", err)
	}
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count the processors: %w", err)
	}
	slots := uint32(max(cpus, 2) * slotsPerCPU)
	spec.Maps["scratches"].MaxEntries = slots
	if err := spec.Variables["scratch_slots"].Set(slots); err != nil {
		return fmt.Errorf("set the number of buffers: %w", err)
	}
	spec.Maps["events"].MaxEntries = max(opt.EventBytes, 4096)
	if opt.EventBytes == 0 {
		spec.Maps["events"].MaxEntries = DefaultEventBytes
	}
	if e.handles, err = prepareHandles(spec.Programs["handle_decoded"]); err != nil {
		return err
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return fmt.Errorf("read the kernel's types: %w", err)
	}
	if err := choose(spec, kernel); err != nil {
		return fmt.Errorf("choose the programs for this kernel: %w", err)
	}
	if err := e.create(spec); err != nil {
		return err
	}
	if e.entries, err = mapEntries(e.objects.Containers); err != nil {
		return err
	}
	e.pool = slab.NewPool(e.objects.Slabs, spec.Maps["slabs"].InnerMap)
	if e.reader, err = ringbuf.NewReader(e.objects.Events); err != nil {
		return fmt.Errorf("open the event buffer: %w", err)
	}
	return nil
}

// create makes the maps and programs of the specification.
func (e *Enforcer) create(spec *ebpf.CollectionSpec) error {
	all, err := ebpf.NewCollection(spec)
	if err != nil {
		var refused *ebpf.VerifierError
		if errors.As(err, &refused) {
			return fmt.Errorf("the kernel refuses a program: %+v", refused)
		}
		return fmt.Errorf("load the programs: %w", err)
	}
	e.programs = all.Programs
	if err := errors.Join(all.Assign(&e.objects.EnforcerMaps), all.Assign(&e.objects.EnforcerVariables)); err != nil {
		return fmt.Errorf("take over the maps: %w", err)
	}
	return nil
}

// attach attaches labels first: what judges must find them.
func (e *Enforcer) attach() error {
	for _, name := range attachOrder(e.programs) {
		p := e.programs[name]
		if name == "handle_decoded" && !e.handles {
			continue
		}
		var l link.Link
		var err error
		if p.Type() == ebpf.LSM {
			l, err = link.AttachLSM(link.LSMOptions{Program: p})
		} else {
			l, err = link.AttachTracing(link.TracingOptions{Program: p})
		}
		if err != nil {
			return fmt.Errorf("attach %s: %w", name, err)
		}
		e.links = append(e.links, l)
	}
	return nil
}

// Close detaches the programs and gives up the maps: enforcement ends.
func (e *Enforcer) Close() error {
	var errs []error
	for _, l := range e.links {
		errs = append(errs, l.Close())
	}
	e.links = nil
	if e.reader != nil {
		errs = append(errs, e.reader.Close())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.containers {
		c.unpin()
	}
	if e.pool != nil {
		e.pool.Close()
	}
	if e.entries != nil {
		errs = append(errs, e.entries.close())
		e.entries = nil
	}
	for _, p := range e.programs {
		errs = append(errs, p.Close())
	}
	e.programs = nil
	errs = append(errs, e.objects.Close())
	return errors.Join(errs...)
}

// Name implements enforcer.Enforcer.
func (e *Enforcer) Name() string { return "BPFLSM" }

// Features implements enforcer.Enforcer.
func (e *Enforcer) Features() policy.Features { return policy.BPF() }
