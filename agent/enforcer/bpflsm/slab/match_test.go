package slab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"kubearmor.io/bpf"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
	"kubearmor.io/policy/random"
)

// matcher runs the programs' decision path on this kernel, without an LSM.
type matcher struct {
	objects    bpf.MatchObjects
	pool       *Pool
	containers []bpf.MatchContainer
	request    *bpf.MatchRequest
}

func newMatcher(t testing.TB) *matcher {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loading programs needs root")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Skipf("no locked memory: %v", err)
	}
	m := &matcher{}
	spec, err := bpf.LoadMatch()
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.LoadAndAssign(&m.objects, nil); err != nil {
		var refused *ebpf.VerifierError
		if errors.As(err, &refused) {
			t.Fatalf("%+v", refused)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { m.objects.Close() })
	m.pool = NewPool(m.objects.Slabs, spec.Maps["slabs"].InnerMap, func(*ebpf.Map) error { return nil })
	t.Cleanup(m.pool.Close)
	m.containers = mapped[bpf.MatchContainer](t, m.objects.Containers)
	m.request = &mapped[bpf.MatchRequest](t, m.objects.Requests)[0]
	return m
}

// mapped returns the values of an array map as memory.
func mapped[T any](t testing.TB, m *ebpf.Map) []T {
	t.Helper()
	var value T
	size := int(m.MaxEntries()) * int(unsafe.Sizeof(value))
	memory, err := unix.Mmap(m.FD(), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	return unsafe.Slice((*T)(unsafe.Pointer(&memory[0])), m.MaxEntries())
}

func (m *matcher) run(t testing.TB) (outcome, flags uint32) {
	t.Helper()
	if _, err := m.objects.Match.Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
		t.Fatal(err)
	}
	return m.request.Outcome, m.request.Flags
}

// ask fills the request for an operation; false: the programs don't judge such operations.
func (m *matcher) ask(t testing.TB, op *policy.Operation) bool {
	r := m.request
	lists := m.lists(t, op)
	*r = bpf.MatchRequest{Container: 1}
	source, deleted := image.SourceFor(op.Source)
	r.SourceLen, r.SourceDeleted = uint32(copy(r.Source[:], source)), number(deleted)
	who := image.CallerOf(op)
	for condition, holds := range map[int]bool{
		image.ConditionOwner: who.Owner, image.ConditionTTY: who.TTY, image.ConditionEntered: who.Entered,
		image.ConditionOtherTask: who.OtherTask, image.ConditionOtherEnviron: who.Environ,
	} {
		if holds {
			r.Conditions |= 1 << condition
		}
	}
	if op.ByHandle {
		r.Handle = 1
	}
	if op.Change == policy.ChangeForeign {
		r.Foreign = 1
	}
	name := image.NameFor(op)
	r.NameLen = uint32(copy(r.Name[:], name))
	switch op.Kind {
	case policy.OpRead, policy.OpWrite:
		if move, ok := image.MoveFor(op); ok {
			m.askMove(move)
			return true
		}
		r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_FILE), image.FileRead
		if op.Kind == policy.OpWrite {
			r.Op = image.FileWrite
		}
		return !op.NotFile
	case policy.OpExec:
		r.Kind = uint32(bpf.MatchRequestKindREQUEST_EXEC)
		r.StartedByLen = uint32(copy(r.StartedBy[:], op.StartedBy))
		r.Hidden = number(op.ByDescriptor)
		r.Conditions |= lists << image.ConditionArguments
		return true
	case policy.OpMapExec, policy.OpLoader:
		r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_MAPPING), image.ColumnMapping
		if op.Kind == policy.OpLoader {
			r.Op = image.ColumnLoader
		}
		return true
	case policy.OpAnonExec:
		r.Kind = uint32(bpf.MatchRequestKindREQUEST_MEMORY)
		return true
	case policy.OpSocket:
		r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_SOCKET), uint32(op.Family)
		r.Type, r.Protocol = uint32(op.SockType), uint32(op.Protocol)
		return true
	case policy.OpConnect, policy.OpBind, policy.OpAccept:
		r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_ENDPOINT), uint32(op.Family)
		r.Type, r.Protocol = uint32(op.SockType), uint32(op.Protocol)
		if op.Kind != policy.OpConnect {
			r.Direction = image.DirectionIngress
		}
		r.EndpointLen = uint32(copy(r.Endpoint[:], image.EndpointBytes(op.Address)))
		return true
	case policy.OpCapability:
		r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_CAPABILITY), uint32(op.Capability)
		return true
	case policy.OpSyscall:
		rows := image.RowsOfSyscall(op.Syscall)
		r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_SYSCALL), uint32(rows[rand.IntN(len(rows))])
		return true
	}
	return false
}

// lists asks for each argument of an exec which lists it is in.
func (m *matcher) lists(t testing.TB, op *policy.Operation) uint32 {
	if op.ArgsUnreadable {
		return 0
	}
	all := uint32(image.ArgumentLists)
	for _, arg := range op.Args {
		*m.request = bpf.MatchRequest{Container: 1, Kind: uint32(bpf.MatchRequestKindREQUEST_ARGUMENT)}
		m.request.NameLen = uint32(copy(m.request.Name[:], "/"+arg))
		of, _ := m.run(t)
		all &= of
	}
	return all
}

// sameName is what match.bpf.c adds to the operation where both names are one.
const sameName = 4

func (m *matcher) askMove(move image.Move) {
	r := m.request
	r.Kind, r.Op = uint32(bpf.MatchRequestKindREQUEST_MOVE), image.FileMove
	if move.Link {
		r.Op = image.FileWrite
	}
	if move.From == move.To {
		r.Op |= sameName
	}
	if move.Dir {
		r.Dir = 1
	}
	if move.Exchange {
		r.Exchange = 1
	}
	r.ToLen = uint32(copy(r.To[:], move.To))
}

func number(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// askTrace fills the request for ptrace; a nil target is outside of the container.
func (m *matcher) askTrace(t testing.TB, caller policy.Names, target *policy.Names) {
	m.ask(t, &policy.Operation{Kind: policy.OpCapability, Source: caller})
	m.request.Kind = uint32(bpf.MatchRequestKindREQUEST_OUTSIDE)
	if target != nil {
		name, deleted := image.SourceFor(*target)
		m.request.Kind = uint32(bpf.MatchRequestKindREQUEST_TRACE)
		m.request.NameLen, m.request.TargetDeleted = uint32(copy(m.request.Name[:], name)), number(deleted)
	}
}

func TestTheProgramDecidesAsTheEvaluator(t *testing.T) {
	m := newMatcher(t)
	src, place := random.New(rand.Uint64()), rand.New(rand.NewPCG(3, 4))
	var held []Place
	for pairs := 0; pairs < 12_000; {
		profile, err := policy.NewProfile(src.Policies(), src.Options())
		if err != nil {
			t.Fatal(err)
		}
		img, err := image.Compile(profile)
		if err != nil {
			t.Fatal(err)
		}
		at, err := m.pool.Put(img.Words, uint64(pairs))
		if err != nil {
			t.Fatal(err)
		}
		// Some stay, so that the following ones stand at many addresses.
		if held = append(held, at); len(held) > 32 {
			i := place.IntN(len(held))
			if held[i] != at {
				m.pool.Free(held[i])
				held = append(held[:i], held[i+1:]...)
			}
		}
		if err := m.pool.Grace(); err != nil {
			t.Fatal(err)
		}
		m.containers[1].Profile = at.Word()
		for range 40 {
			op := src.Operation()
			if !m.ask(t, &op) {
				continue
			}
			outcome, flags := m.run(t)
			if int(outcome) >= len(img.Outcomes) {
				t.Fatalf("outcome %#x of %d; operation %+v", outcome, len(img.Outcomes), op)
			}
			got, want := img.Outcomes[outcome], policy.Decide(profile, &op)
			if !image.SameOutcome(got, want) || flags != flagsOf(want) {
				t.Fatalf("program: %+v, flags %b\nevaluator: %+v\noperation %+v\nprofile %s", got, flags, want, op, profile.Canonical())
			}
			pairs++
		}
		for range 5 {
			caller, target := src.Program(), src.Program()
			m.comparesTrace(t, img, profile, caller, &target)
			m.comparesTrace(t, img, profile, caller, nil)
		}
	}
}

// comparesTrace holds what becomes of ptrace, and whether an exec of the caller's program is
// made secure, against the evaluator.
func (m *matcher) comparesTrace(t *testing.T, img *image.Image, profile *policy.Profile, caller policy.Names, target *policy.Names) {
	t.Helper()
	m.askTrace(t, caller, target)
	outcome, flags := m.run(t)
	got, want := img.Outcomes[outcome], policy.DecideTrace(profile, caller, target, policy.BPF().Enforces)
	if !image.SameOutcome(got, want) || flags != flagsOf(want) {
		t.Fatalf("program: %+v, flags %b\nevaluator: %+v\n%+v ptraces %+v\nprofile %s", got, flags, want, caller, target, profile.Canonical())
	}
	if got, want := m.request.Secure != 0, profile.SecuresExec(caller, policy.BPF().Enforces); got != want {
		t.Fatalf("an exec of %+v is made secure: %t, want %t\nprofile %s", caller, got, want, profile.Canonical())
	}
}

func flagsOf(d policy.Decision) (flags uint32) {
	if d.Verdict == policy.Denied {
		flags |= image.OutcomeDeny
	}
	if d.Report != policy.ReportNone {
		flags |= image.OutcomeReport
	}
	return flags
}

func TestWhatIsNoImageIsDenied(t *testing.T) {
	m := newMatcher(t)
	op := policy.Operation{Kind: policy.OpRead, Names: policy.Name("/etc/passwd")}
	for name, word := range map[string]uint64{
		"no slab":             9,
		"a slab of zeroes":    Place{span: span{at: 1 << 20}}.Word(),
		"no profile":          0,
		"beyond the last one": 0xffff,
	} {
		if name == "a slab of zeroes" {
			if err := m.pool.grow(); err != nil {
				t.Fatal(err)
			}
		}
		m.containers[1].Profile = word
		m.ask(t, &op)
		if outcome, flags := m.run(t); flags != image.OutcomeDeny || outcome != 0xffffffff {
			t.Errorf("%s: outcome %#x, flags %b, want a denial", name, outcome, flags)
		}
	}
}

// BenchmarkDecision is the time of one decision in the kernel, net of a program that does
// nothing: the look-ups of the image and one run over a name, with 200 rules in force.
func BenchmarkDecision(b *testing.B) {
	m := newMatcher(b)
	place, err := m.pool.Put(benchImage(b), 1)
	if err != nil {
		b.Fatal(err)
	}
	m.containers[1].Profile = place.Word()
	for name, path := range map[string]string{
		"11 bytes": "/etc/passwd",
		"42 bytes": "/usr/lib/x86_64-linux-gnu/libpthread.so.0",
		"88 bytes": "/var/lib/postgresql/15/main/base/16384/pg_internal.init/some/deep/path/component/file.d",
	} {
		b.Run(name, func(b *testing.B) {
			m.ask(b, &policy.Operation{Kind: policy.OpRead, Names: policy.Name(path)})
			net := m.time(b, m.objects.Match) - m.time(b, m.objects.Nothing)
			b.ReportMetric(float64(net), "ns/decision")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// time returns the nanoseconds of one run.
func (m *matcher) time(b *testing.B, program *ebpf.Program) int64 {
	_, each, err := program.Benchmark(make([]byte, 64), 1_000_000, nil)
	if err != nil {
		b.Fatal(err)
	}
	return each.Nanoseconds()
}

func benchImage(b *testing.B) []uint32 {
	var rules []policy.Rule
	for i := range 200 {
		dir := fmt.Sprintf("/usr/lib/x86_64-linux-gnu/dir%d", i)
		rules = append(rules, policy.Rule{Category: policy.File, Match: policy.Matcher{Kind: policy.MatchDir, Path: dir, Recursive: true}},
			policy.Rule{Category: policy.File, Match: policy.Matcher{Kind: policy.MatchPath, Path: fmt.Sprintf("/var/lib/postgresql/%d/x", i)}})
	}
	rules = append(rules, policy.Rule{Category: policy.File, Match: policy.Matcher{Kind: policy.MatchGlob, Path: "/**/secret*.pem"}})
	profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Name: "bench"}, Rules: rules}}, policy.Options{})
	if err != nil {
		b.Fatal(err)
	}
	img, err := image.Compile(profile)
	if err != nil {
		b.Fatal(err)
	}
	return img.Words
}
