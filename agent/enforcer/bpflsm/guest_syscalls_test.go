package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/policy"
	"kubearmor.io/policy/syscalls"
)

// toldCall is what an event says of a system call.
type toldCall struct {
	Name    string
	Way     syscalls.Way
	Rule    string
	Program string
}

func tellCall(e enforcer.Event) toldCall {
	told := toldCall{Name: e.Resource, Way: e.Way, Program: e.Process.Program}
	if e.Category == policy.Syscalls && e.Decision.Report == policy.ReportAudit {
		told.Rule = e.Profile.Policies[e.Decision.Policy].Ref.Name + " " + e.Profile.At(policy.RuleRef{Policy: e.Decision.Policy, Rule: e.Decision.Rule}).Field
	}
	return told
}

const (
	callsDir = "/var/tmp/calls"
	caller   = callsDir + "/caller"
	other    = callsDir + "/other"
)

// programMaking writes a program that makes these calls and ends.
func programMaking(t *testing.T, name string, calls ...madeCall) {
	t.Helper()
	var code strings.Builder
	for _, c := range calls {
		code.WriteString(c.code())
	}
	if err := errors.Join(os.MkdirAll(callsDir, 0o755), os.RemoveAll(name), os.WriteFile(name, machine(code.String()), 0o755)); err != nil {
		t.Fatal(err)
	}
}

const (
	anyArgument = 0xffffffff
	nrGetpgid   = 121 // of 64-bit programs; setdomainname of 32-bit ones
	nrGetpgid32 = 132 // the other way round: utime
)

// TestSystemCallsAreToldByEveryWayToMakeOne has programs make calls that a policy names, and others.
func TestSystemCallsAreToldByEveryWayToMakeOne(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	b := g.box(t, t.Name(), "syscalls: {matchSyscalls: [{syscall: [mount]}]}")
	everyWay(t, g, b)
}

func everyWay(t *testing.T, g *guest, b *box) {
	const (
		named   = "syscalls: {matchSyscalls: [{syscall: [mount]}, {syscall: [sysinfo, getpgid, connect, shmdt, chown, ptrace, exit, execve]}]}"
		rule    = "p spec.syscalls.matchSyscalls[1]"
		sources = "syscalls: {matchSyscalls: [{syscall: [getpgid], fromSource: [{path: " + caller + "}]}]}"
	)
	both := sources[:len(sources)-2] + ", {syscall: [getpgid, sysinfo]}]}"
	getpgid := madeCall{syscalls.Native, nrGetpgid, anyArgument}
	for _, c := range []struct {
		name   string
		spec   string
		call   madeCall
		called string // the program
		want   []toldCall
	}{
		{"by a 64-bit call", named, getpgid, caller, []toldCall{{"getpgid", syscalls.Native, rule, caller}}},
		{"by the x32 convention", named, madeCall{syscalls.X32, nrGetpgid, anyArgument}, caller, []toldCall{{"getpgid", syscalls.X32, rule, caller}}},
		{"by a number that x32 has of its own", named, madeCall{syscalls.X32, 521, anyArgument}, caller, []toldCall{{"ptrace", syscalls.X32, rule, caller}}},
		{"by that number without the convention", named, madeCall{syscalls.Native, 521, anyArgument}, caller, nil},
		{"by a 32-bit call", named, madeCall{syscalls.I386, nrGetpgid32, anyArgument}, caller, []toldCall{{"getpgid", syscalls.I386, rule, caller}}},
		{"the number of another call by the 32-bit way", named, madeCall{syscalls.I386, nrGetpgid, anyArgument}, caller, nil},
		{"the number of another call by the 64-bit way", named, madeCall{syscalls.Native, nrGetpgid32, anyArgument}, caller, nil},
		{"a 32-bit call that names have one for", named, madeCall{syscalls.I386, 212, anyArgument}, caller, []toldCall{{"chown", syscalls.I386, rule, caller}}},
		{"by socketcall", named, madeCall{syscalls.I386, 102, 3}, caller, []toldCall{{"connect", syscalls.Sockets, rule, caller}}},
		{"another one by socketcall", named, madeCall{syscalls.I386, 102, 13}, caller, nil},
		{"by ipc, with a version", named, madeCall{syscalls.I386, 117, 1<<16 | 22}, caller, []toldCall{{"shmdt", syscalls.IPC, rule, caller}}},
		{"a number that there is no call of", named, madeCall{syscalls.Native, 0x7fffffff, 0}, caller, nil},
		{"a call that does not return", strings.ReplaceAll(named, "exit, ", "exit, exit_group, "), madeCall{syscalls.Native, 231, 0}, caller, []toldCall{{"exit_group", syscalls.Native, rule, caller}}},
		{"of the program that the rule is about", sources, getpgid, caller, []toldCall{{"getpgid", syscalls.Native, "p spec.syscalls.matchSyscalls[0]", caller}}},
		{"of another program", sources, getpgid, other, nil},
		{"by the more specific of two rules", both, getpgid, caller, []toldCall{{"getpgid", syscalls.Native, "p spec.syscalls.matchSyscalls[0]", caller}}},
		{"of another program, by the other rule", both, getpgid, other, []toldCall{{"getpgid", syscalls.Native, "p spec.syscalls.matchSyscalls[1]", other}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.apply(t, c.spec)
			programMaking(t, c.called, c.call)
			seen := len(g.of(t, b.name))
			if got := b.run(t, c.called); got.exit != 0 {
				t.Fatalf("%+v", got)
			}
			var told []toldCall
			for _, e := range g.of(t, b.name)[seen:] {
				if w := tellCall(e); w.Name != "execve" && w.Name != "exit" { // of the test, and each program's last call
					told = append(told, w)
				}
				if e.Decision.Verdict != policy.Allowed || e.Process.HostPID == 0 || e.Cwd == "" && b.guest != nil {
					t.Errorf("event %+v", e)
				}
			}
			if diff := cmp.Diff(c.want, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// TestACallIsToldOnceThoughTheKernelBeginsItAnew stops a task in the middle of a call, whereupon
// the kernel begins the call anew, by its number or by restart_syscall.
func TestACallIsToldOnceThoughTheKernelBeginsItAnew(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	b := g.box(t, t.Name(), "syscalls: {matchSyscalls: [{syscall: [mount]}]}")
	toldOnce(t, g, b)
	t.Run("interrupted by handlers that make calls", func(t *testing.T) { toldOnceBesideHandlers(t, g, b) })
}

func toldOnce(t *testing.T, g *guest, b *box) {
	b.apply(t, "syscalls: {matchSyscalls: [{syscall: [pause, poll, getpgid]}]}")
	getpgid := madeCall{syscalls.Native, nrGetpgid, anyArgument}
	for _, c := range []struct {
		name  string
		calls []madeCall
		want  map[string]uint64
	}{
		// pause(); poll(nothing, 0, as long as a register says)
		{"begun by its number", []madeCall{getpgid, getpgid, {syscalls.Native, 34, 0}}, map[string]uint64{"getpgid": 2, "pause": 1}},
		{"begun by restart_syscall", []madeCall{{syscalls.Native, 7, 0}}, map[string]uint64{"poll": 1}},
		{"begun by its number, in the 32-bit way", []madeCall{{syscalls.I386, 29, 0}}, map[string]uint64{"pause": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := len(g.of(t, b.name))
			programMaking(t, caller)
			var code strings.Builder
			code.WriteString("\x31\xf6" + "\xba\xff\xff\xff\x7f") // xor esi, esi; mov edx, 0x7fffffff
			for _, call := range c.calls {
				code.WriteString(call.code())
			}
			if err := os.WriteFile(caller, machine(code.String()), 0o755); err != nil {
				t.Fatal(err)
			}
			p := b.start(t, caller)
			for range 3 {
				awaitState(t, p, "S")
				_ = p.Signal(unix.SIGSTOP)
				awaitState(t, p, "T")
				_ = p.Signal(unix.SIGCONT)
			}
			awaitState(t, p, "S")
			got := map[string]uint64{}
			for _, e := range g.of(t, b.name)[seen:] {
				got[e.Resource] += 1 + e.Repeats
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
		})
	}
}

// toldOnceBesideHandlers has signals' handlers make calls that are told, too.
func toldOnceBesideHandlers(t *testing.T, g *guest, b *box) {
	const signals = 3
	b.apply(t, "syscalls: {matchSyscalls: [{syscall: [readv, rt_sigreturn]}]}")
	seen := len(g.of(t, b.name))
	if r := b.run(t, fmt.Sprintf("helper: interrupted %d", signals)); r.exit != 0 {
		t.Fatal(r.output)
	}
	got := map[string]uint64{}
	for _, e := range g.of(t, b.name)[seen:] {
		got[e.Resource] += 1 + e.Repeats
	}
	if got["readv"] != 1 || got["rt_sigreturn"] < signals {
		t.Errorf("operations %v, want one readv, and an rt_sigreturn for each of %d signals at least", got, signals)
	}
}

// start starts a program as the container's, and kills it at the end.
func (b *box) start(t *testing.T, name string) *os.Process {
	t.Helper()
	dir, err := b.group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.Command(name)
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process
}

func awaitState(t *testing.T, p *os.Process, state string) {
	t.Helper()
	await(t, "the task to be in state "+state, func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
		_, rest, _ := strings.Cut(string(text), ") ")
		return err == nil && strings.HasPrefix(rest, state)
	})
}

// TestOtherContainersCallsAreNotTold has two containers make a call that the policy of one names.
func TestOtherContainersCallsAreNotTold(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	const spec = "syscalls: {matchSyscalls: [{syscall: [getpgid]}]}"
	programMaking(t, caller, madeCall{syscalls.Native, nrGetpgid, anyArgument})
	one, two := g.box(t, "one", spec), g.box(t, "two", "syscalls: {matchSyscalls: [{syscall: [sysinfo]}]}")
	for _, b := range []*box{one, two} {
		if got := b.run(t, caller); got.exit != 0 {
			t.Fatalf("%+v", got)
		}
	}
	if got := finished(t, exec.Command(caller)); got.exit != 0 {
		t.Fatalf("%+v", got)
	}
	if events := g.of(t, "one"); len(events) != 1 || tellCall(events[0]).Name != "getpgid" {
		t.Errorf("of the container whose policy names the call: %+v", events)
	}
	if events := g.of(t, "two"); len(events) != 0 {
		t.Errorf("of the other: %+v", events)
	}
	n, err := g.Counters()
	if err != nil || n.Events+n.EventsFolded-g.before != 1 {
		t.Errorf("%+v, %v", n, err)
	}
}

// TestSetUpsCallsAreNotTold brings a program from outside into the cgroup, which executes another there.
func TestSetUpsCallsAreNotTold(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	b := g.box(t, t.Name(), "syscalls: {matchSyscalls: [{syscall: [openat, execve]}]}")
	cmd := exec.Command(outsideOf(t))
	cmd.Env = []string{helperVariable + "=enter " + filepath.Join(b.group.Dir, "cgroup.procs") + " /var/tmp/rules/file"}
	if got := finished(t, cmd); got.exit != 0 || !strings.Contains(got.output, "set up") {
		t.Fatalf("%+v", got)
	}
	events := g.of(t, b.name)
	if len(events) == 0 || slices.ContainsFunc(events, func(e enforcer.Event) bool {
		return e.Resource != "openat" || e.Process.Name != "cat"
	}) {
		t.Errorf("events %+v, want those of cat alone", events)
	}
}

// TestCallsAreWatchedOnlyWhileAPolicyNamesSome counts what is attached.
func TestCallsAreWatchedOnlyWhileAPolicyNamesSome(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	const names, none = "syscalls: {matchSyscalls: [{syscall: [getpgid]}]}", "file: {matchPaths: [{path: /no/such}]}"
	attached(t, nil)
	one := g.box(t, "one", none)
	attached(t, nil)
	one.apply(t, names)
	attached(t, watchers())
	t.Run("another container", func(t *testing.T) {
		two := g.box(t, "two", names)
		one.apply(t, none)
		attached(t, watchers())
		two.apply(t, "syscalls: {matchSyscalls: [{syscall: [sysinfo]}]}")
		attached(t, watchers())
	})
	attached(t, nil) // it is gone
	one.apply(t, names)
	programMaking(t, caller, madeCall{syscalls.Native, nrGetpgid, anyArgument})
	if got := one.run(t, caller); got.exit != 0 {
		t.Fatalf("%+v", got)
	}
	if events := g.of(t, "one"); len(events) != 1 {
		t.Errorf("attached again: events %+v", events)
	}
}

// callsOutliveTheirAgent is a part of TestEnforcementOutlivesItsAgent.
func callsOutliveTheirAgent(t *testing.T, group cgroup.Group) {
	a := startAgent(t, group, "/var/tmp/rules/file", "calls")
	a.says(t, "ready")
	attached(t, watchers())
	a.kill()
	attached(t, watchers())
	programMaking(t, caller, madeCall{syscalls.Native, nrGetpgid, anyArgument})
	b := &box{nil, "kept", group}
	if got := b.run(t, caller); got.exit != 0 {
		t.Fatalf("%+v", got)
	}
	e := loadKept(t)
	g := &guest{Enforcer: e}
	g.read(t)
	b.guest = g
	told := func() int {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.events)
	}
	await(t, "the call that was made without an agent to be told", func() bool { return told() == 1 })
	if w := tellCall(g.events[0]); w.Name != "getpgid" || w.Rule != "p spec.syscalls.matchSyscalls[0]" {
		t.Errorf("told %+v", w)
	}
	b.apply(t, "file: {matchPaths: [{path: /no/such}]}")
	attached(t, nil)
	b.apply(t, "syscalls: {matchSyscalls: [{syscall: [getpgid]}]}")
	attached(t, watchers())
	if got := b.run(t, caller); got.exit != 0 {
		t.Fatalf("%+v", got)
	}
	await(t, "a call to be told by programs that were attached after taking over", func() bool { return told() == 2 })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	endedOnItsWay(t)
}

// endedOnItsWay takes over from agents that were killed between a change of what is attached and
// one of what is in force.
func endedOnItsWay(t *testing.T) {
	for _, name := range watchers() {
		if err := os.Remove(filepath.Join(keptHere.Pins, onlySet(t), "links", name)); err != nil {
			t.Fatal(err)
		}
	}
	attached(t, nil)
	e := loadKept(t) // the profile in force names a call
	attached(t, watchers())
	profile, err := fileProfile("/no/such")
	if err == nil {
		err = errors.Join(e.Apply("kept", profile), e.attachGroup(groups()[0]), e.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	attached(t, watchers())
	e = loadKept(t) // and now it names none
	attached(t, nil)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func loadKept(t *testing.T) *Enforcer {
	t.Helper()
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func onlySet(t *testing.T) string {
	t.Helper()
	for name := range sets(t) {
		return name
	}
	t.Fatal("nothing is pinned")
	return ""
}
