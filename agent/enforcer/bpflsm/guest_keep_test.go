package bpflsm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/policy"
)

// keptHere is where the tests' enforcement is kept, beside the real one.
var keptHere = Keep{Pins: "/sys/fs/bpf/kubearmor-test", Run: "/run/kubearmor-test"}

// beAgent protects a cgroup under a rule on a file, says so and waits to be killed.
func beAgent(group, file string, flags []string) error {
	options := Options{Keep: &keptHere}
	for _, flag := range flags {
		if parent, ok := strings.CutPrefix(flag, "closed="); ok {
			options.Start = &Start{Closed: true, Timeout: startTimeout, Parents: []string{parent}, Exempt: []string{parent + "/exempt"}}
		} else if parent, ok := strings.CutPrefix(flag, "open="); ok {
			options.Start = &Start{Parents: []string{parent}}
		}
	}
	e, err := Load(context.Background(), options)
	if err != nil {
		return err
	}
	if slices.Contains(flags, "again") {
		fmt.Println("taken over", len(e.Restored()))
	}
	profile, err := fileProfile(file)
	for flag, rules := range map[string]string{"calls": "syscalls: {matchSyscalls: [{syscall: [getpgid]}]}", "network": blockedAddress} {
		if slices.Contains(flags, flag) {
			profile, err = profileOf("file: {matchPaths: [{path: " + file + "}]}\n  " + rules)
		}
	}
	if err != nil {
		return err
	}
	err = errors.Join(e.Add(enforcer.Container{Name: "kept", Cgroup: group}), e.Record("kept", os.Getpid()), e.Apply("kept", profile))
	if err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

func fileProfile(file string) (*policy.Profile, error) {
	return profileOf("file: {matchPaths: [{path: " + file + "}]}")
}

func profileOf(spec string) (*policy.Profile, error) {
	text := "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p, namespace: n}\nspec:\n  " + spec + "\n"
	all, err := policy.Parse(strings.NewReader(text), "test")
	if err != nil {
		return nil, err
	}
	return policyset.ProfileOf(all, os.Getpid(), nil)
}

// agentProcess is an agent that can be killed.
type agentProcess struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func startAgent(t *testing.T, group cgroup.Group, file string, flags ...string) *agentProcess {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperVariable+"="+strings.Join(append([]string{"agent", group.Dir, file}, flags...), " "))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a := &agentProcess{cmd, bufio.NewScanner(out)}
	t.Cleanup(a.kill)
	return a
}

func (a *agentProcess) says(t *testing.T, want string) {
	t.Helper()
	if !a.lines.Scan() || a.lines.Text() != want {
		t.Fatalf("the agent said %q, want %q", a.lines.Text(), want)
	}
}

func (a *agentProcess) kill() { _ = a.Process.Kill(); _ = a.Wait() }

// TestEnforcementOutlivesItsAgent is one test of many parts, because verifying the programs takes
// long under emulation, and taking them over does not.
func TestEnforcementOutlivesItsAgent(t *testing.T) {
	if os.Getenv("KUBEARMOR_LAB") == "" {
		t.Skip("needs a kernel of the lab: bin/lab test ./agent/enforcer/bpflsm")
	}
	t.Cleanup(func() {
		if _, err := Release(keptHere); err != nil {
			t.Error(err)
		}
	})
	for _, part := range []struct {
		name string
		test func(*testing.T, cgroup.Group)
	}{
		{"killed while a task tries what is denied", killedUnderLoad},
		{"the records are lost", recordsLost},
		{"the container ends meanwhile", endedMeanwhile},
		{"a recorded mount is unmounted meanwhile", unmountedMeanwhile},
		{"a pod starts without an agent, and may", startsOpen},
		{"a pod starts without an agent, and may not", startsClosed},
		{"a container with every right gets at what is ours", tampering},
		{"calls are watched while nobody is there", callsOutliveTheirAgent},
		{"addresses are judged while nobody is there", addressesOutliveTheirAgent},
		{"a container waits beside programs of another version", anotherVersionWaits},
		{"everything is released", released},
	} {
		t.Run(part.name, func(t *testing.T) {
			group, err := cgroup.Create("test-kept")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := group.Remove(); err != nil {
					t.Error(err)
				}
			})
			furnish(t, "/var/tmp/rules")
			part.test(t, group)
		})
	}
}

const stopFile = "/var/tmp/rules/stop"

// loop runs a helper in the cgroup and returns how to end it, with what it has said.
func loop(t *testing.T, group cgroup.Group, task string) (stop func() result) {
	t.Helper()
	_ = os.Remove(stopFile)
	dir, err := group.Open()
	if err != nil {
		t.Fatal(err)
	}
	cmd := program("helper: " + task)
	cmd.SysProcAttr = &unix.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	done := make(chan result)
	go func() { defer dir.Close(); done <- finished(t, cmd) }()
	return func() result {
		if err := os.WriteFile(stopFile, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		got := <-done
		if n, err := strconv.Atoi(strings.TrimSpace(got.output)); got.exit == 0 && (err != nil || n < 100) {
			t.Errorf("%q rounds are too few to tell", got.output)
		}
		return got
	}
}

// killedUnderLoad kills agents, and has others take over.
func killedUnderLoad(t *testing.T, group cgroup.Group) {
	const file = "/var/tmp/rules/file"
	first := startAgent(t, group, file)
	first.says(t, "ready")
	stop := loop(t, group, "keep-opening "+file+" "+stopFile)
	first.kill()
	time.Sleep(200 * time.Millisecond) // nobody is there meanwhile
	for range 2 {
		next := startAgent(t, group, file, "again")
		next.says(t, "taken over 1")
		next.says(t, "ready")
		next.kill()
	}
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{Enforcer: e}
	n, err := e.Counters()
	if err != nil {
		t.Fatal(err)
	}
	g.read(t)
	b := &box{g, "kept", group}
	if got := e.Restored(); len(got) != 1 || got[0].Name != "kept" || got[0].Cgroup != group.Dir {
		t.Fatalf("taken over: %+v", got)
	}
	await(t, "events under the policy of before, told by the agent after", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.events) > 0
	})
	g.mu.Lock()
	ev := g.events[len(g.events)-1]
	g.mu.Unlock()
	if ev.Container != "kept" || ev.Resource != file || tell(ev).Rule != "spec.file.matchPaths[0]" {
		t.Errorf("event %+v", ev)
	}
	b.apply(t, "file: {matchPaths: [{path: "+file+"}, {path: /var/tmp/rules/source}]}")
	if got := stop(); got.exit != 0 {
		t.Error(got.output)
	}
	if got := b.run(t, "cat", "/var/tmp/rules/source"); got.exit == 0 {
		t.Error("the agent after can't change what holds")
	}
	after, err := e.Counters()
	if err != nil || after.Malformed != 0 || after.Events < n.Events {
		t.Errorf("%+v, %v", after, err)
	}
	if err := errors.Join(e.Remove("kept"), e.Close()); err != nil {
		t.Error(err)
	}
	if err := open(file); err != nil {
		t.Error(err)
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited 30 s for %s", what)
		}
	}
}

// recordsLost: what is lost is recomputed, never guessed.
func recordsLost(t *testing.T, group cgroup.Group) {
	const file = "/var/tmp/rules/file"
	a := startAgent(t, group, file)
	a.says(t, "ready")
	a.kill()
	for _, kind := range []string{containerRecords, profileRecords} {
		if err := os.RemoveAll(filepath.Join(keptHere.Run, kind)); err != nil {
			t.Fatal(err)
		}
	}
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	b := &box{&guest{Enforcer: e}, "again", group}
	if got := b.run(t, "cat", file); got.exit == 0 {
		t.Error("what was in force does not hold until the container is added again")
	}
	if err := e.Add(enforcer.Container{Name: "again", Cgroup: group.Dir}); err != nil {
		t.Fatal(err)
	}
	profile, err := fileProfile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Apply("again", profile); err == nil {
		t.Error("a policy was applied to a container whose mounts nobody knows")
	}
	if err := errors.Join(e.Record("again", os.Getpid()), e.Apply("again", profile)); err != nil {
		t.Fatal(err)
	}
	if got := b.run(t, "cat", file); got.exit == 0 {
		t.Error("the file was read")
	}
	if err := errors.Join(e.Remove("again"), e.Close()); err != nil {
		t.Error(err)
	}
}

// endedMeanwhile takes over when the cgroup is gone.
func endedMeanwhile(t *testing.T, group cgroup.Group) {
	a := startAgent(t, group, "/var/tmp/rules/file")
	a.says(t, "ready")
	a.kill()
	if err := group.Remove(); err != nil {
		t.Fatal(err)
	}
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if got := e.Protected(); len(got) != 0 {
		t.Errorf("%v are protected", got)
	}
	held, err := e.records.space.Containers()
	if err != nil || len(held) != 0 {
		t.Errorf("mounts of %v are held, %v", held, err)
	}
}

func released(t *testing.T, group cgroup.Group) {
	const file = "/var/tmp/rules/file"
	a := startAgent(t, group, file, "calls")
	a.says(t, "ready")
	a.kill()
	attached(t, watchers())
	b := &box{nil, "kept", group}
	if got := b.run(t, "cat", file); got.exit == 0 {
		t.Fatal("nothing is in force")
	}
	r, err := Release(keptHere)
	if err != nil || r.Links < 15 || r.Maps < 8 || r.Containers != 1 || !r.Mounts {
		t.Errorf("%+v, %v", r, err)
	}
	// The kernel ends links behind the unlinking of their pins.
	await(t, "the file to be readable", func() bool { return b.run(t, "cat", file).exit == 0 })
	attached(t, nil)
	if r, err := Release(keptHere); err != nil || !r.Nothing() {
		t.Errorf("once more: %+v, %v", r, err)
	}
	if _, err := os.Stat(keptHere.Pins); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of pins: %v", err)
	}
}

// unmountedMeanwhile unmounts what was recorded, and looks whether a new mount can come to
// stand at the same address.
func unmountedMeanwhile(t *testing.T, group cgroup.Group) {
	const dir = "/var/tmp/volume"
	if err := errors.Join(os.MkdirAll(dir, 0o755), unix.Mount("tmpfs", dir, "tmpfs", 0, "")); err != nil {
		t.Fatal(err)
	}
	a := startAgent(t, group, dir+"/file")
	a.says(t, "ready")
	a.kill()
	// Without a hold the kernel would free the file system here; and nothing keeps it busy.
	if err := unix.Unmount(dir, 0); err != nil {
		t.Fatal(err)
	}
	e, err := Load(t.Context(), Options{Keep: &keptHere})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var recorded originRecord
	var rec containerRecord
	for _, c := range e.containers {
		if err := e.records.store.Get(containerRecords, number(uint64(c.id)), &rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range rec.Origins {
		if string(o.Point) == dir {
			recorded = o
		}
	}
	if recorded.SB == 0 || !recorded.Held {
		t.Fatalf("the mount is not held: %+v", recorded)
	}
	for i := range 200 {
		at := fmt.Sprintf("%s/%d", t.TempDir(), i)
		if err := errors.Join(os.Mkdir(at, 0o755), unix.Mount("tmpfs", at, "tmpfs", 0, "")); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Unmount(at, 0) }()
		fd, err := unix.Open(at, unix.O_PATH, 0)
		if err != nil {
			t.Fatal(err)
		}
		l, err := e.locate(fd)
		unix.Close(fd)
		if err != nil {
			t.Fatal(err)
		}
		if l.Sb == recorded.SB {
			t.Fatal("a new file system stands at the address of one that is recorded")
		}
	}
}
