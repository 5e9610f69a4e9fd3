package bpflsm

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kubearmor.io/agent/cgroup"
)

// startTimeout is the tests' startPolicyTimeout: longer than what comes before, under emulation.
const startTimeout = 15 * time.Second

// pods makes a parent of pods with one in it, and one that is exempt.
func pods(t *testing.T) (parent string, pod, exempt *box) {
	t.Helper()
	all, err := cgroup.Create("test-pods")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := all.Remove(); err != nil {
			t.Error(err)
		}
	})
	made := func(name string) *box {
		group := cgroup.Group{Dir: filepath.Join(all.Dir, name)}
		if err := os.Mkdir(group.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return &box{name: name, group: group}
	}
	return all.Dir, made("pod"), made("exempt")
}

// counted reads the counters of what is pinned.
func counted(t *testing.T) (open, refused, late uint64) {
	t.Helper()
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	n, err := e.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return n.StartsOpen, n.StartsRefused, n.StartsLate
}

func startsOpen(t *testing.T, group cgroup.Group) {
	before, _, _ := counted(t)
	parent, pod, _ := pods(t)
	a := startAgent(t, group, "/var/tmp/rules/file", "open="+parent)
	a.says(t, "ready")
	starts(t, pod, true, "while the agent is there")
	a.kill()
	starts(t, pod, true, "without an agent")
	if open, _, _ := counted(t); open != before+1 {
		t.Errorf("%d starts were counted, want one", open-before)
	}
}

func startsClosed(t *testing.T, group cgroup.Group) {
	_, refusedBefore, lateBefore := counted(t)
	parent, pod, exempt := pods(t)
	a := startAgent(t, group, "/var/tmp/rules/file", "closed="+parent)
	a.says(t, "ready")
	starts(t, pod, true, "while the agent is there")
	a.kill()
	since := time.Now()
	starts(t, pod, false, "without an agent")
	starts(t, exempt, true, "the agent's own pod")
	starts(t, &box{name: "elsewhere", group: group}, true, "a container that the agent knows")
	if took := time.Since(since); took > startTimeout-2*heartbeat {
		t.Fatalf("%v went by, which is too long to tell", took)
	}
	await(t, "the gate to open", func() bool { return pod.run(t, "/bin/true").exit == 0 })
	if open := time.Since(since); open < startTimeout-3*heartbeat {
		t.Errorf("the gate opened after %v", open)
	}
	_, refused, late := counted(t)
	if refused == refusedBefore || late == lateBefore {
		t.Errorf("%d refused and %d late starts were counted", refused-refusedBefore, late-lateBefore)
	}
}

func starts(t *testing.T, b *box, want bool, when string) {
	t.Helper()
	if got := b.run(t, "/bin/true"); (got.exit == 0) != want {
		t.Errorf("%s: exit status %d, want started %t", when, got.exit, want)
	}
}
