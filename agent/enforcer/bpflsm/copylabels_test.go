package bpflsm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"kubearmor.io/bpf"
)

// taskMaps are the maps of a set that tasks have something in, and that of containers.
type taskMaps struct {
	labels, sources, containers *ebpf.Map
	long                        [2]*ebpf.Map
}

func newTaskMaps(t *testing.T) taskMaps {
	t.Helper()
	spec, err := bpf.LoadEnforcer()
	if err != nil {
		t.Fatal(err)
	}
	make := func(name string) *ebpf.Map {
		m, err := ebpf.NewMap(spec.Maps[name])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m
	}
	return taskMaps{make("labels"), make("sources"), make("containers"), [2]*ebpf.Map{make("long_sources"), make("long_sources_1")}}
}

// pin pins what tasks have as another set would.
func (m taskMaps) pin(t *testing.T) pinned {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("bpf", dir, "bpf", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	set := pinned{filepath.Join(dir, "set")}
	if err := os.MkdirAll(filepath.Join(set.dir, "maps"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*ebpf.Map{"labels": m.labels, "sources": m.sources, "long_sources": m.long[0], "long_sources_1": m.long[1]} {
		if err := m.Pin(filepath.Join(set.dir, "maps", name)); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

// task is a process that waits.
func task(t *testing.T) uint32 {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return uint32(fd)
}

func put(t *testing.T, m *ebpf.Map, key uint32, value any) {
	t.Helper()
	if err := m.Update(key, value, ebpf.UpdateAny); err != nil {
		t.Fatal(err)
	}
}

// sourceOf makes the kept program of a task, with something behind the name as the kernel leaves it.
func sourceOf(container, now uint32, name, behind string) (bpf.EnforcerSource, bpf.EnforcerLongSource) {
	s, long := bpf.EnforcerSource{Container: container, Now: now}, bpf.EnforcerLongSource{}
	p := &s.Programs[now]
	p.Len = uint32(len(name))
	to := p.Name[:]
	if len(name) > len(p.Name) {
		to = long.Name[:]
	}
	copy(to, name+behind)
	return s, long
}

// programOf reads a task's program back.
func programOf(t *testing.T, m taskMaps, task uint32) string {
	t.Helper()
	var s bpf.EnforcerSource
	if err := m.sources.Lookup(task, &s); err != nil {
		return ""
	}
	p := s.Programs[s.Now]
	if int(p.Len) <= len(p.Name) {
		return fmt.Sprintf("%d: %s", s.Container, p.Name[:p.Len])
	}
	var long bpf.EnforcerLongSource
	if err := m.long[s.Now].Lookup(task, &long); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d: %s", s.Container, long.Name[:p.Len])
}

const (
	lives = 1<<14 | 5
	also  = 1<<14 | 6
	ended = 1<<14 | 7
)

// TestATaskTakesAlongWhatIsKeptOfIt runs the iterator in this kernel, which need not have BPF among
// its active LSMs for it.
func TestATaskTakesAlongWhatIsKeptOfIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Skip("needs the right to load programs:", err)
	}
	long := "/" + strings.Repeat("name/", 100)
	type state struct {
		Container, Flags uint32
		Program          string
	}
	for name, c := range map[string]struct {
		old      bpf.EnforcerLabel
		program  string // that is kept there
		own      bpf.EnforcerLabel
		ownFound string // that is kept here
		ownFirst bool
		want     state
	}{
		"its container":                         {bpf.EnforcerLabel{Container: lives}, "", bpf.EnforcerLabel{}, "", false, state{lives, 0, ""}},
		"that it sets up":                       {bpf.EnforcerLabel{Container: lives, Flags: setUp}, "", bpf.EnforcerLabel{}, "", false, state{lives, setUp, ""}},
		"that it does no longer":                {bpf.EnforcerLabel{Container: lives}, "", bpf.EnforcerLabel{Container: lives, Flags: setUp}, "", false, state{lives, 0, ""}},
		"no container that has ended":           {bpf.EnforcerLabel{Container: ended}, "/bin/a", bpf.EnforcerLabel{}, "", false, state{}},
		"another than its cgroup says":          {bpf.EnforcerLabel{Container: lives}, "", bpf.EnforcerLabel{Container: also}, "", false, state{lives, 0, ""}},
		"not another, where it was judged":      {bpf.EnforcerLabel{Container: lives}, "/bin/a", bpf.EnforcerLabel{Container: also}, "", true, state{also, 0, ""}},
		"another, where its own has ended":      {bpf.EnforcerLabel{Container: lives}, "/bin/a", bpf.EnforcerLabel{Container: ended}, "", true, state{lives, 0, fmt.Sprint(lives, ": /bin/a")}},
		"its program":                           {bpf.EnforcerLabel{Container: lives}, "/bin/a", bpf.EnforcerLabel{}, "", false, state{lives, 0, fmt.Sprint(lives, ": /bin/a")}},
		"its program by the name it had":        {bpf.EnforcerLabel{Container: lives}, "/bin/abcdefghi", bpf.EnforcerLabel{Container: lives}, "/bin/abcdefghj", false, state{lives, 0, fmt.Sprint(lives, ": /bin/abcdefghi")}},
		"a name that ends at a word":            {bpf.EnforcerLabel{Container: lives}, "/bin/abc/bin/abc", bpf.EnforcerLabel{Container: lives}, "/bin/abc/bin/abd", false, state{lives, 0, fmt.Sprint(lives, ": /bin/abc/bin/abc")}},
		"a program with a long name":            {bpf.EnforcerLabel{Container: lives}, long, bpf.EnforcerLabel{}, "", false, state{lives, 0, fmt.Sprint(lives, ": ", long)}},
		"a long name that differs in its end":   {bpf.EnforcerLabel{Container: lives}, long + "a", bpf.EnforcerLabel{Container: lives}, long + "b", false, state{lives, 0, fmt.Sprint(lives, ": ", long, "a")}},
		"a long name in place of a short one":   {bpf.EnforcerLabel{Container: lives}, long, bpf.EnforcerLabel{Container: lives}, "/bin/a", false, state{lives, 0, fmt.Sprint(lives, ": ", long)}},
		"a short name in place of a long one":   {bpf.EnforcerLabel{Container: lives}, "/bin/a", bpf.EnforcerLabel{Container: lives}, long, false, state{lives, 0, fmt.Sprint(lives, ": /bin/a")}},
		"what is kept here where none is there": {bpf.EnforcerLabel{Container: lives}, "", bpf.EnforcerLabel{Container: lives}, "/bin/a", false, state{lives, 0, fmt.Sprint(lives, ": /bin/a")}},
	} {
		t.Run(name, func(t *testing.T) {
			from, to, task := newTaskMaps(t), newTaskMaps(t), task(t)
			for _, id := range []uint32{lives, also} {
				put(t, to.containers, id&(1<<14-1), bpf.EnforcerContainer{Id: id})
			}
			put(t, from.labels, task, c.old)
			put(t, to.labels, task, c.own)
			for i, kept := range []struct {
				in   taskMaps
				name string
			}{{from, c.program}, {to, c.ownFound}} {
				if kept.name != "" {
					short, long := sourceOf(lives, uint32(i), kept.name, strings.Repeat("x", i))
					put(t, kept.in.sources, task, short)
					put(t, kept.in.long[i], task, long)
				}
			}
			e := &Enforcer{}
			e.objects.Labels, e.objects.Sources, e.objects.Containers = to.labels, to.sources, to.containers
			e.objects.LongSources, e.objects.LongSources1 = to.long[0], to.long[1]
			copier, err := e.newLabelCopier(from.pin(t), c.ownFirst)
			if err != nil {
				t.Fatal(err)
			}
			defer copier.close()
			if err := copier.untilNoneIsMissing(); err != nil {
				t.Fatal(err)
			}
			var label bpf.EnforcerLabel
			if err := to.labels.Lookup(task, &label); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, state{label.Container, label.Flags, programOf(t, to, task)}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
