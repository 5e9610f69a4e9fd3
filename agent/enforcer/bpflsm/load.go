package bpflsm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"golang.org/x/sync/singleflight"

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
	// Keep has enforcement outlive this process; nil: it ends with it.
	Keep *Keep
	// Start is about programs that start while no agent answers; nil: they are nobody's business.
	Start *Start
}

// DefaultEventBytes holds some thousands of events.
const DefaultEventBytes = 1 << 20

// slotsPerCPU is SLOTS_PER_CPU of bpf/headers/scratch.h.
const slotsPerCPU = 8

// Enforcer is the attached set of programs. It implements enforcer.Enforcer.
type Enforcer struct {
	objects objects
	links   []link.Link          // of the programs that are always attached
	asked   map[string]link.Link // of those that are on demand, by name, while they are
	judging bool                 // the programs that judge are attached
	pinned  pinned               // none: nothing is pinned, or not yet
	reader  *ringbuf.Reader
	// unexplained counts events of a profile or an outcome that is not known.
	unexplained atomic.Uint64
	records     *records // nil: nothing outlives this process
	node        *nodeMemory
	endLife     func()
	handover    *handover // nil: no programs of another version are in force beside these
	inherited   [][]byte  // events that programs of before have written

	mu         sync.Mutex
	entries    *entries
	pool       *slab.Pool
	containers map[string]*container
	profiles   *profiles

	compiling singleflight.Group // of images, by the profile's hash
	reading   sync.Mutex         // held while events are read
}

// objects are what is loaded.
type objects struct {
	programs map[string]*ebpf.Program // by name; where they were taken over, those on demand alone
	bpf.EnforcerMaps
	bpf.EnforcerVariables
	sections
}

func (o *objects) close() error {
	errs := []error{o.EnforcerMaps.Close(), o.Data.Close()}
	for _, p := range o.programs {
		errs = append(errs, p.Close())
	}
	o.programs = nil
	return errors.Join(errs...)
}

// sections are maps that the generated objects do not name.
type sections struct {
	Data *ebpf.Map `ebpf:".data"`
}

var _ enforcer.Enforcer = (*Enforcer)(nil)

// Load checks the machine, attaches the programs and proves that they deny. On an error
// nothing is left attached. Close must be called.
func Load(ctx context.Context, opt Options) (*Enforcer, error) {
	if err := Check(); err != nil {
		return nil, err
	}
	e := &Enforcer{asked: map[string]link.Link{}, containers: map[string]*container{}, profiles: newProfiles()}
	var err error
	if opt.Keep != nil {
		err = e.begin(ctx, opt)
	} else if err = e.load(opt); err == nil {
		err = e.attach()
	}
	if err == nil {
		err = e.beginLife(opt)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err = e.prove(ctx); err == nil {
		err = e.comeIntoForce(ctx)
	}
	if err != nil {
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
	if err := spec.Variables["reads_arguments"].Set(runtime.GOARCH == "amd64"); err != nil {
		return fmt.Errorf("say how page tables are laid out: %w", err)
	}
	if err := spec.Variables["remembers"].Set(runtime.GOARCH == "amd64"); err != nil {
		return fmt.Errorf("say whether verdicts are remembered: %w", err)
	}
	spec.Maps["events"].MaxEntries = max(opt.EventBytes, 4096)
	if opt.EventBytes == 0 {
		spec.Maps["events"].MaxEntries = DefaultEventBytes
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
	return e.open(spec)
}

// open prepares what the agent keeps of the maps in memory.
func (e *Enforcer) open(spec *ebpf.CollectionSpec) (err error) {
	if e.entries, err = mapEntries(e.objects.Containers); err != nil {
		return err
	}
	if e.node, err = mapNode(e.objects.Nodes); err != nil {
		return err
	}
	e.pool = slab.NewPool(e.objects.Slabs, spec.Maps["slabs"].InnerMap, e.guardMap)
	if e.reader, err = ringbuf.NewReader(e.objects.Events); err != nil {
		return fmt.Errorf("open the event buffer: %w", err)
	}
	return e.forgetVerdicts()
}

// forgetVerdicts makes what the programs remember of opens void: another agent numbers profiles anew.
func (e *Enforcer) forgetVerdicts() error {
	var links uint32
	err := e.objects.Links.Get(&links)
	if err == nil {
		err = e.objects.Links.Set(links + stride)
	}
	if err != nil {
		return fmt.Errorf("forget remembered verdicts: %w", err)
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
	defer all.Close() // closes what the objects do not name
	e.objects.programs, all.Programs = all.Programs, nil
	if err := all.Assign(&e.objects); err != nil {
		return fmt.Errorf("load the programs: %w", err)
	}
	return nil
}

// attach attaches labels first: what judges must find them.
func (e *Enforcer) attach() error {
	if err := e.attachKeepers(); err != nil {
		return err
	}
	return e.attachJudges()
}

// attachKeepers attaches what keeps labels, and what the agent asks.
func (e *Enforcer) attachKeepers() error {
	return e.attachAll(func(name string) bool { return slices.Contains(keepers(), name) })
}

// attachJudges attaches the others, but for those on demand that nobody asks for.
func (e *Enforcer) attachJudges() error {
	if err := e.attachAll(func(name string) bool { return !slices.Contains(keepers(), name) && !isOnDemand(name) }); err != nil {
		return err
	}
	if err := errors.Join(e.guard(e.links), e.guardOnDemand()); err != nil {
		return err
	}
	e.judging = true
	return e.heed()
}

func (e *Enforcer) attachAll(are func(name string) bool) error {
	for _, name := range attachOrder(e.objects.programs) {
		if !are(name) {
			continue
		}
		p := e.objects.programs[name]
		l, err := attachProgram(p)
		if err != nil {
			return fmt.Errorf("attach %s: %w", name, err)
		}
		e.links = append(e.links, l)
	}
	return nil
}

// Close gives up programs and maps: enforcement ends. With Keep it goes on.
func (e *Enforcer) Close() error {
	if e.endLife != nil {
		e.endLife()
		e.endLife = nil
	}
	errs := []error{closeLinks(e.links), closeLinks(slices.Collect(maps.Values(e.asked))), e.records.close()}
	e.links, e.asked, e.records = nil, nil, nil
	if e.reader != nil {
		errs = append(errs, e.reader.Close())
	}
	e.reading.Lock() // that ends Events, which looks into the maps
	defer e.reading.Unlock()
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
	if e.node != nil {
		atomic.StoreUint32(&e.node.Agent, 0)
		errs = append(errs, e.node.close())
		e.node = nil
	}
	errs = append(errs, e.objects.close())
	return errors.Join(errs...)
}

// Name implements enforcer.Enforcer.
func (e *Enforcer) Name() string { return "BPFLSM" }

// Features implements enforcer.Enforcer.
func (e *Enforcer) Features() policy.Features {
	f := policy.BPF()
	f.Syscalls = f.Syscalls && e.objects.programs["enter_syscall"] != nil
	return f
}
