//go:build guest

package lifecycle

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
)

const (
	dir   = "/var/tmp/upgrade"
	limit = 10 * time.Minute
)

// longName is a folder in which a program's name is too long to be kept in a task's label.
var longName = filepath.Join(dir, strings.Repeat("long", 40), strings.Repeat("name", 40))

var rules = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: upgrade, namespace: default}
spec:
  selector: {}
  file:
    matchDirectories:
    - {dir: /var/tmp/upgrade/blocked/, recursive: true, action: Block}
    - {dir: /var/tmp/upgrade/audited/, recursive: true, action: Audit}
    - dir: /var/tmp/upgrade/of-tool/
      recursive: true
      fromSource: [{path: /var/tmp/upgrade/tool}, {path: ` + longName + `/tool}]
      action: Block
`

// turn is an agent that takes over from the one before.
type turn struct {
	build string
	// dies: it is killed when its programs are attached beside those in force, and not pinned yet.
	dies bool
	// tells: it can read the events that nobody has read since the agent before was killed.
	tells bool
}

func turns() []turn {
	all := []turn{
		{build: "head"},
		{build: "next", dies: true},
		{build: "head"},
		{build: "next"},
		{build: "head"},
		{build: "patched", tells: true},
	}
	if _, err := os.Stat("/agents/last"); err == nil {
		all = append(all, turn{build: "last"})
	}
	return all
}

// TestUpAndDownUnderLoad has agents of other versions take over, up and down, while tasks try
// what is blocked, audited and allowed all the time.
func TestUpAndDownUnderLoad(t *testing.T) {
	group := furnish(t)
	root, err := cgroup.Mounted()
	if err != nil {
		t.Fatal(err)
	}
	loads := []*load{
		start(t, &group, "/proc/self/exe", job{name: "stays", blocked: "blocked"}),
		// Its label alone says whose it is.
		start(t, &group, "/proc/self/exe", job{name: "moves", blocked: "blocked", join: root}),
	}
	told := map[string]string{}
	for i, turn := range turns() {
		before := roundsOf(t, loads)
		a := attach(t, turn, loads[0].Process.Pid, i)
		if turn.dies {
			a.died(t, loads, before, told)
			continue
		}
		if i == 0 {
			loads = append(loads, startOthers(t, group)...)
			if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
				t.Fatal(err)
			}
		} else {
			tried(t, loads, before)
		}
		a.collect(t, loads, before, told)
	}
	if err := os.WriteFile(dir+"/stop", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, l := range loads {
		l.ended(t)
	}
	out, err := exec.Command("/agents/head", "release").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "removed") {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%d operations were told; %s", len(told), strings.TrimSpace(string(out)))
}

// furnish makes the folders, the policy and the container's cgroup.
func furnish(t *testing.T) cgroup.Group {
	t.Helper()
	for _, d := range []string{"policies", "blocked", "audited", "of-tool", "rounds", "outside"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.MkdirAll(longName, 0o755), os.WriteFile(dir+"/policies/p.yaml", []byte(rules), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	group, err := cgroup.Create("upgrade")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Remove(); err != nil {
			t.Error(err)
		}
	})
	return group
}

// startOthers starts loads of which the kernel keeps more than a container: the program by the
// name it had at its exec, and that set-up is not over.
func startOthers(t *testing.T, group cgroup.Group) []*load {
	t.Helper()
	var all []*load
	for name, folder := range map[string]string{"renamed": dir, "long": longName} {
		tool := filepath.Join(folder, "tool")
		copySelf(t, tool)
		all = append(all, start(t, &group, tool, job{name: name, blocked: "of-tool"}))
		if err := os.Rename(tool, tool+"-renamed"); err != nil {
			t.Fatal(err)
		}
	}
	// A program on a mount that the container has not is none of its own, as a runtime's.
	outside := filepath.Join(dir, "outside")
	if err := unix.Mount("tmpfs", outside, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(outside, unix.MNT_DETACH) })
	copySelf(t, outside+"/runtime")
	return append(all, start(t, nil, outside+"/runtime", job{name: "sets-up", blocked: "blocked", join: group.Dir, setUp: true}))
}

func copySelf(t *testing.T, to string) {
	t.Helper()
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err == nil {
		_, err = io.Copy(f, from)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func roundsOf(t *testing.T, loads []*load) map[*load]int {
	t.Helper()
	all := map[*load]int{}
	for _, l := range loads {
		all[l] = l.rounds(t)
	}
	return all
}

// tried fails where a load has tried nothing since.
func tried(t *testing.T, loads []*load, before map[*load]int) {
	t.Helper()
	var text []string
	for _, l := range loads {
		n := l.rounds(t) - before[l]
		if n < 5 {
			t.Errorf("%s has tried %d times during the change, too few to tell: %s", l.name, n, l.out.String())
		}
		text = append(text, fmt.Sprintf("%s %d", l.name, n))
	}
	t.Logf("tried meanwhile: %s times", strings.Join(text, ", "))
}
