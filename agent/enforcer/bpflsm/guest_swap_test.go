package bpflsm

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubearmor.io/agent/policyset"
	"kubearmor.io/policy"
)

// TestAChangeOfPolicyLeavesNoHole swaps two sets that deny the same file, of different
// sizes so that the room of one is taken by the other, while a task opens it.
func TestAChangeOfPolicyLeavesNoHole(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	const stop = "/var/tmp/rules/stop"
	set := func(i int) string {
		var rules strings.Builder
		rules.WriteString("file: {matchPaths: [{path: /var/tmp/rules/file}")
		for n := range i % 7 * 40 {
			fmt.Fprintf(&rules, ", {path: /x/%d/%d}", i, n)
		}
		return rules.String() + "]}"
	}
	b := g.box(t, "swap", set(0))
	done := make(chan result)
	go func() { done <- b.run(t, "helper: keep-opening /var/tmp/rules/file "+stop) }()
	for i := range 60 {
		b.apply(t, set(i))
	}
	if err := os.WriteFile(stop, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if got.exit != 0 {
		t.Fatal(got.output)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(got.output)); err != nil || n < 100 {
		t.Errorf("the file was opened %q times, too few to tell", got.output)
	}
	n, err := g.Counters()
	if err != nil {
		t.Fatal(err)
	}
	if n.Malformed != 0 {
		t.Errorf("%d operations met no image", n.Malformed)
	}
}

// TestNoDecisionIsMixed swaps two sets thousands of times while a task does what each of them
// denies for another reason: a rename is of two names, of which each set denies one.
func TestNoDecisionIsMixed(t *testing.T) {
	g := newGuest(t, Options{})
	furnish(t, "/var/tmp/rules")
	const other, stop = "/var/tmp/rules/source", "/var/tmp/rules/stop"
	set := func(name string) *policy.Profile {
		p, err := policyset.ProfileOf(parse(t, "file: {matchPaths: [{path: /var/tmp/rules/file}, {path: "+name+"}]}"), os.Getpid(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	sets := []*policy.Profile{set(other), set(other + "-renamed")}
	b := g.box(t, "mixed", "file: {matchPaths: [{path: /var/tmp/rules/file}, {path: "+other+"}]}")
	// Somebody else has them too, so that they need not be compiled again and again.
	for i, p := range sets {
		keeper := g.box(t, fmt.Sprint("keeper", i), "file: {matchPaths: [{path: /no/such}]}")
		if err := g.Apply(keeper.name, p); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan result)
	go func() { done <- b.run(t, "helper: keep-failing /var/tmp/rules/file "+other+" "+stop) }()
	swaps, err := strconv.Atoi(cmp.Or(os.Getenv("KUBEARMOR_SWAPS"), "10000"))
	if err != nil {
		t.Fatal(err)
	}
	b.await(t, 1)
	for i := range swaps {
		if err := g.Apply(b.name, sets[i%2]); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	if err := os.WriteFile(stop, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if got.exit != 0 {
		t.Fatal(got.output)
	}
	t.Logf("%d swaps, %s rounds", swaps, strings.TrimSpace(got.output))
}

// TestRenamingInALoopHidesNoName opens a blocked file while others rename something else as
// often as they can, which spoils names that are being read.
func TestRenamingInALoopHidesNoName(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	const stop = "/var/tmp/rules/stop"
	b := g.box(t, "rename", blockSecret)
	done := make(chan result, 2)
	go func() { done <- b.run(t, "helper: keep-renaming /var/tmp/rules/source "+stop) }()
	go func() { done <- b.run(t, "helper: keep-opening /var/tmp/rules/file "+stop) }()
	b.await(t, 2000)
	if err := os.WriteFile(stop, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := <-done; got.exit != 0 {
			t.Error(got.output)
		}
	}
}

// await waits until so many operations have been reported.
func (b *box) await(t *testing.T, operations uint64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		n, err := b.guest.Counters()
		if err != nil {
			t.Fatal(err)
		}
		reported := n.Events + n.EventsFolded - b.guest.before
		if reported >= operations {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d operations in a minute, want %d", reported, operations)
		}
	}
}

func TestEventsThatFindNoRoomAreCounted(t *testing.T) {
	g := newGuest(t, Options{EventBytes: uint32(os.Getpagesize())})
	furnish(t, "/var/tmp/rules")
	b := g.box(t, "drops", blockSecret)
	before, err := g.Counters()
	if err != nil {
		t.Fatal(err)
	}
	const times = 100
	b.run(t, "sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do : < /var/tmp/rules/file; i=$((i+1)); done 2>/dev/null", times))
	// A failed redirection of a special built-in ends a shell, so each try has its own.
	b.run(t, "sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do (: < /var/tmp/rules/file) 2>/dev/null; i=$((i+1)); done", times))
	after, err := g.Counters()
	if err != nil {
		t.Fatal(err)
	}
	sent, dropped := after.Events-before.Events, after.EventsDropped-before.EventsDropped
	if dropped == 0 || sent == 0 {
		t.Errorf("%d sent, %d dropped: want some of each", sent, dropped)
	}
	if sent+dropped != times+1 {
		t.Errorf("%d sent and %d dropped of %d denials", sent, dropped, times+1)
	}
}
