package bpflsm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
)

// sourceCases are rules about the caller's program. HELPER stands for the test binary,
// COPY and LONG for busybox by other names.
func sourceCases(dir string) map[string]ruleCase {
	file := filepath.Join(dir, "file")
	by := func(source string) string {
		return "file: {matchPaths: [{path: " + file + ", fromSource: [" + source + "]}]}"
	}
	only := func(source string) string {
		return "file: {matchPaths: [{path: " + file + ", action: Allow, fromSource: [" + source + "]}], matchDirectories: [{dir: " + dir + "/folder, action: Allow}]}"
	}
	shell := func(script string) []string { return []string{"COPY", "sh", "-c", script} }
	deleted := []string{"bash", "-c", "exec 3< COPY; rm COPY; exec -a busybox /proc/self/fd/3 sh -c ': < " + file + "'"}
	const id = "process: {matchPaths: [{path: /usr/bin/id, fromSource: [{path: /usr/bin/dash}]}]}"
	const udp = "network: {matchProtocols: [{protocol: udp, fromSource: [{path: HELPER}]}]}"
	const chroot = "capabilities: {matchCapabilities: [{capability: sys_chroot, fromSource: [{path: HELPER}]}]}"
	cat, head := []string{"cat", file}, []string{"head", "-c", "1", file}
	return map[string]ruleCase{
		"a file blocked to a program, by it":                {by("{path: /usr/bin/cat}"), cat, true, nil},
		"a file blocked to a program, by another":           {by("{path: /usr/bin/cat}"), head, false, nil},
		"the source is resolved":                            {by("{path: /bin/cat}"), cat, true, nil},
		"a link is no program":                              {by("{path: /bin/sh}"), []string{"sh", "-c", ": < " + file}, true, nil},
		"the source in a directory":                         {by("{dir: /usr/bin/}"), cat, true, nil},
		"the source below a directory":                      {by("{dir: /usr/}"), cat, false, nil},
		"the source below a directory and all in it":        {by("{dir: /usr/, recursive: true}"), cat, true, nil},
		"the second of several sources":                     {by("{path: /usr/bin/tac}, {path: /usr/bin/cat}"), cat, true, nil},
		"a file allowed to a program, by it":                {only("{path: /usr/bin/cat}"), cat, false, nil},
		"a file allowed to a program, by another":           {only("{path: /usr/bin/cat}"), head, true, nil},
		"the rule with a source comes first":                {"file: {matchPaths: [{path: " + file + "}], matchDirectories: [{dir: /, recursive: true, action: Allow, fromSource: [{path: /usr/bin/cat}]}]}", cat, false, nil},
		"and does not for others":                           {"file: {matchPaths: [{path: " + file + "}], matchDirectories: [{dir: /, recursive: true, action: Allow, fromSource: [{path: /usr/bin/cat}]}]}", head, true, nil},
		"audited for a program":                             {"file: {matchPaths: [{path: " + file + ", action: Audit, fromSource: [{path: /usr/bin/cat}]}]}", cat, false, []told{{file, 2, 1, "spec.file.matchPaths[0]"}}},
		"writing blocked to a program":                      {"file: {matchPaths: [{path: " + file + ", readOnly: true, fromSource: [{path: /usr/bin/truncate}]}]}", []string{"truncate", "-s", "0", file}, true, nil},
		"a program blocked to a shell, by the shell":        {id, []string{"sh", "-c", "id"}, true, nil},
		"a program blocked to a shell, by another":          {id, []string{"env", "id"}, false, nil},
		"a program blocked to a shell, in place of another": {id, []string{"sh", "-c", "exec env id"}, false, nil},
		"a program blocked to a shell, by its grandchild":   {id, []string{"env", "sh", "-c", "(id)"}, true, nil},
		"a socket blocked to a program, by it":              {udp, []string{"helper: socket 2 2 0"}, true, nil},
		"a socket blocked to a program, of another kind":    {udp, []string{"helper: socket 2 1 0"}, false, nil},
		"a socket blocked to another program":               {strings.ReplaceAll(udp, "HELPER", "/usr/bin/cat"), []string{"helper: socket 2 2 0"}, false, nil},
		"a capability blocked to a program, by it":          {chroot, []string{"helper: chroot"}, true, nil},
		"a capability blocked to another program":           {strings.ReplaceAll(chroot, "HELPER", "/usr/bin/cat"), []string{"helper: chroot"}, false, nil},
		"a script's source is its interpreter":              {by("{path: /usr/bin/dash}"), []string{dir + "/script", file}, true, nil},
		"a script is no source":                             {by("{path: " + dir + "/script}"), []string{dir + "/script", file}, false, nil},
		"a forked child has its parent's source":            {by("{path: /usr/bin/dash}"), []string{"sh", "-c", "(read x < " + file + ")"}, true, nil},
		"a thread has its group's source":                   {by("{path: HELPER}"), []string{"helper: thread-open " + file}, true, nil},
		"an exec by a thread":                               {by("{path: /usr/bin/cat}"), []string{"helper: thread-exec /usr/bin/cat " + file}, true, nil},
		"a program that is renamed while it runs":           {by("{path: COPY}"), shell("mv COPY COPY-renamed; : < " + file), true, nil},
		"under its new name it is nothing":                  {by("{path: COPY-renamed}"), shell("mv COPY COPY-renamed; : < " + file), false, nil},
		"a program that is deleted while it runs":           {by("{path: COPY}"), shell("rm COPY; : < " + file), true, nil},
		"a program that is deleted while it may":            {only("{path: COPY}"), shell("rm COPY; : < " + file), false, nil},
		"one that was deleted before is blocked":            {by("{path: COPY}"), deleted, true, nil},
		"one that was deleted before is not allowed":        {only("{path: COPY}"), deleted, true, nil},
		"one in memory is not allowed":                      {only("{dir: /, recursive: true}"), []string{"helper: memfd /usr/bin/cat " + file}, true, nil},
		"one with a long name":                              {by("{path: LONG}"), []string{"LONG", "sh", "-c", ": < " + file}, true, nil},
		"one with a long name, which may":                   {only("{path: LONG}"), []string{"LONG", "sh", "-c", ": < " + file}, false, nil},
		"a child of one with a long name":                   {by("{path: LONG}"), []string{"LONG", "sh", "-c", "(: < " + file + ")"}, true, nil},
		"one with another long name":                        {by("{path: LONG2}"), []string{"LONG", "sh", "-c", ": < " + file}, false, nil},
	}
}

func TestSourcesInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	const dir = "/var/tmp/rules"
	long := dir + strings.Repeat("/"+strings.Repeat("d", 99), 5) + "/busybox"
	for name, c := range sourceCases(dir) {
		t.Run(name, func(t *testing.T) {
			furnish(t, dir)
			if err := os.WriteFile(dir+"/script", []byte("#!/usr/bin/dash\n: < $1\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, place := range []string{dir + "/folder/busybox", long} {
				if err := errors.Join(os.MkdirAll(filepath.Dir(place), 0o755), os.Link("/bin/busybox", place)); err != nil {
					t.Fatal(err)
				}
			}
			names := strings.NewReplacer("HELPER", self, "COPY", dir+"/folder/busybox", "LONG", long)
			var command []string
			for _, arg := range c.run {
				command = append(command, names.Replace(arg))
			}
			got := g.box(t, name, names.Replace(c.spec)).run(t, command...)
			if denied := got.exit != 0; denied != c.denied {
				t.Errorf("exit status %d, want denied %t\n%s", got.exit, c.denied, got.output)
			}
			events := g.of(t, name)
			if c.denied && len(events) == 0 {
				t.Error("the denial gave no event")
			}
			if c.events == nil && !c.denied && len(events) > 0 {
				t.Errorf("events without a denial: %+v", events)
			}
			if n, err := g.Counters(); err != nil || n.SourcesMissing != 0 {
				t.Errorf("%d programs could not be kept (%v)", n.SourcesMissing, err)
			}
		})
	}
	outside := exec.Command("sleep", "1000000")
	if err := outside.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = outside.Process.Kill(); _ = outside.Wait() }()
	g.traces(t, self, strconv.Itoa(outside.Process.Pid))
	bySelf := "file: {matchPaths: [{path: /var/tmp/rules/file, fromSource: [{path: " + self + "}]}]}"
	t.Run("a task from before has the source that it runs", func(t *testing.T) { g.aTaskFromBefore(t, "open-when", bySelf, self) })
	t.Run("its threads have it though they act at once", func(t *testing.T) {
		for range 8 {
			g.aTaskFromBefore(t, "threads-open-when", bySelf, self)
		}
	})
	for name, act := range map[string]string{"forks": "(:)", "executes another": "exec sh -c \"$WAIT\""} {
		t.Run("a task that "+name+" before its container's mounts are recorded", func(t *testing.T) { g.aTaskBeforeTheRecord(t, act) })
	}
	t.Run("a source is found anew in each profile", g.aChangeOfProfile)
}

// aTaskBeforeTheRecord has a task of a container act when no file has a name in it yet.
func (g *guest) aTaskBeforeTheRecord(t *testing.T, act string) {
	furnish(t, "/var/tmp/rules")
	group, err := cgroup.Create("test-unrecorded")
	must(t, err)
	b := &box{g, "unrecorded", group}
	done := make(chan result)
	go func() {
		done <- b.run(t, "sh", "-c", "cd /var/tmp/rules; export WAIT=': > acted; while [ ! -e go ]; do :; done; : < file'; : > ready; while [ ! -e act ]; do :; done; "+act+"; eval \"$WAIT\"")
	}()
	appears(t, "/var/tmp/rules/ready")
	must(t, g.Add(enforcer.Container{Name: b.name, Cgroup: group.Dir}))
	t.Cleanup(func() { must(t, errors.Join(g.Remove(b.name), group.Remove())) })
	must(t, os.WriteFile("/var/tmp/rules/act", nil, 0o644))
	appears(t, "/var/tmp/rules/acted")
	must(t, g.Record(b.name, os.Getpid()))
	b.apply(t, "file: {matchPaths: [{path: /var/tmp/rules/file, fromSource: [{path: /usr/bin/dash}]}]}")
	must(t, os.WriteFile("/var/tmp/rules/go", nil, 0o644))
	if got := <-done; got.exit == 0 {
		t.Errorf("it must be denied: %+v", got)
	}
}

// aTaskFromBefore starts the helper, by that program, before its cgroup is a container's, and has it act when
// policies are in force that deny it the file. In what it is to do, GROUP stands for the cgroup's folder.
func (g *guest) aTaskFromBefore(t *testing.T, act, policies string, program ...string) {
	t.Helper()
	furnish(t, "/var/tmp/rules")
	group, err := cgroup.Create("test-resident")
	must(t, err)
	b := &box{g, "resident", group}
	act = strings.ReplaceAll(act, "GROUP", group.Dir) + " /var/tmp/rules/go /var/tmp/rules/file"
	done := make(chan result)
	go func() { done <- b.run(t, append([]string{"env", helperVariable + "=" + act}, program...)...) }()
	appears(t, "/var/tmp/rules/ready")
	must(t, g.Add(enforcer.Container{Name: b.name, Cgroup: group.Dir}))
	must(t, g.Record(b.name, os.Getpid()))
	b.apply(t, policies)
	must(t, os.WriteFile("/var/tmp/rules/go", nil, 0o644))
	if got := <-done; got.exit == 0 || !strings.Contains(got.output, "permission denied") {
		t.Errorf("it must be denied: %+v", got)
	}
	must(t, errors.Join(g.Remove(b.name), group.Remove()))
}

// aChangeOfProfile changes which program a rule is about while one runs.
func (g *guest) aChangeOfProfile(t *testing.T) {
	furnish(t, "/var/tmp/rules")
	by := func(source string) string {
		return "file: {matchPaths: [{path: /var/tmp/rules/file, fromSource: [{path: " + source + "}]}]}"
	}
	b := g.box(t, "generations", by("/usr/bin/dash"))
	done := make(chan result)
	go func() {
		done <- b.run(t, "sh", "-c", "cd /var/tmp/rules; : > ready; while [ ! -e go ]; do :; done; : < file; echo second")
	}()
	appears(t, "/var/tmp/rules/ready")
	b.apply(t, by("/usr/bin/cat"))
	if err := os.WriteFile("/var/tmp/rules/go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got.exit != 0 || !strings.Contains(got.output, "second") {
		t.Errorf("the old rule holds on: %+v", got)
	}
	if got := b.run(t, "cat", "/var/tmp/rules/file"); got.exit == 0 {
		t.Error("the new rule does not hold")
	}
}

// appears waits for a file.
func appears(t *testing.T, name string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(name); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not appear", name)
		}
	}
}
