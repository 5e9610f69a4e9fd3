package bpflsm

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
)

// anotherVersion is the name of a set of programs that this build takes for another's.
const anotherVersion = "0-another"

// sets returns what is pinned.
func sets(t *testing.T) map[string]bool {
	t.Helper()
	complete, broken, err := setsIn(keptHere.Pins)
	if err != nil || len(broken) > 0 {
		t.Fatal(err, broken)
	}
	all := map[string]bool{}
	for _, set := range complete {
		all[set.name()] = true
	}
	return all
}

// rename renames pinned sets, as pairs of names.
func rename(t *testing.T, names ...string) {
	t.Helper()
	for ; len(names) > 0; names = names[2:] {
		if err := os.Rename(filepath.Join(keptHere.Pins, names[0]), filepath.Join(keptHere.Pins, names[1])); err != nil {
			t.Fatal(err)
		}
	}
}

// anotherVersionWaits has programs of another version in force under policies that can't be read
// back: goes back to them while a container waits, and then on from them for good.
func anotherVersionWaits(t *testing.T, group cgroup.Group) {
	const file = "/var/tmp/rules/file"
	a := startAgent(t, group, file)
	a.says(t, "ready")
	a.kill()
	e := besideAnother(t, group, file)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	rename(t, bpf.Set(), "aside", anotherVersion, bpf.Set(), "aside", anotherVersion)
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	expectAlone(t, e, group, file)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = besideAnother(t, group, file)
	defer e.Close()
	profile, err := fileProfile(file)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(e.Add(enforcer.Container{Name: "kept", Cgroup: group.Dir}), e.Record("kept", os.Getpid()), e.Apply("kept", profile))
	if err != nil {
		t.Fatal(err)
	}
	expectAlone(t, e, group, file)
	if err := e.Remove("kept"); err != nil {
		t.Fatal(err)
	}
}

// besideAnother loads programs beside others whose container waits.
func besideAnother(t *testing.T, group cgroup.Group, file string) *Enforcer {
	t.Helper()
	rename(t, bpf.Set(), anotherVersion)
	if err := os.RemoveAll(filepath.Join(keptHere.Run, profileRecords)); err != nil {
		t.Fatal(err)
	}
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	if all := sets(t); len(all) != 2 {
		t.Errorf("while a container waits, %v are pinned", all)
	}
	if e.node.Quiet != 0 {
		t.Error("the new programs are quiet")
	}
	b := &box{nil, "kept", group}
	if got := b.run(t, "cat", file); got.exit == 0 {
		t.Error("nothing holds while a container waits")
	}
	return e
}

// expectAlone expects one set, in which the container is protected.
func expectAlone(t *testing.T, e *Enforcer, group cgroup.Group, file string) {
	t.Helper()
	if all := sets(t); len(all) != 1 || !all[bpf.Set()] {
		t.Errorf("%v are pinned", all)
	}
	if e.node.Quiet != 0 {
		t.Error("nobody tells what is allowed and reported")
	}
	b := &box{nil, "kept", group}
	if got := b.run(t, "cat", file); got.exit == 0 {
		t.Error("the file was read")
	}
	if got := b.run(t, "cat", "/var/tmp/rules/source"); got.exit != 0 {
		t.Errorf("another file was not: %s", got.output)
	}
}
