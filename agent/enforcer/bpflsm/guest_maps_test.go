package bpflsm

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/policy"
)

// actCase is a policy under which a helper tries everything of a kind.
type actCase struct {
	spec   string
	run    string
	acts   map[string]func(string) error
	denied func(act string) bool
	// rule is that of an event for each denied act, or with audited of each that would be.
	rule    string
	audited bool
}

func actCases(file, dir string) map[string]actCase {
	all := func(but string) func(string) bool { return func(act string) bool { return act != but } }
	none := func(string) bool { return false }
	maps, memory, proc := mapCalls(), memoryCalls(), procReads()
	paths := "process: {matchPaths: [{path: " + file
	notCode := func(act string) bool { return !strings.HasPrefix(act, "code:") }
	environ := func(act string) bool { return strings.Contains(act, "another") && strings.Contains(act, "environ") }
	another := func(act string) bool { return strings.Contains(act, "another") }
	preset := func(name, action string) string { return "presets: [{name: " + name + ", action: " + action + "}]" }
	return map[string]actCase{
		"mapping what a path blocks":      {paths + "}]}", "maps " + file, maps, all("only reading"), "spec.process.matchPaths[0]", false},
		"mapping what a path audits":      {paths + ", action: Audit}]}", "maps " + file, maps, none, "", false},
		"mapping what an execname blocks": {"process: {matchPaths: [{execname: file}]}", "maps " + file, maps, all("only reading"), "spec.process.matchPaths[0]", false},
		"mapping what a folder blocks":    {"process: {matchDirectories: [{dir: " + dir + "/, recursive: true}]}", "maps " + file, maps, none, "", false},
		"anonymousMapExec blocks":         {preset("anonymousMapExec", "Block"), "memory " + file, memory, notCode, "spec.presets[0]", false},
		"anonymousMapExec audits":         {preset("anonymousMapExec", "Audit"), "memory " + file, memory, notCode, "spec.presets[0]", true},
		"memory that no rule speaks of":   {preset("filelessExec", "Block"), "memory " + file, memory, none, "", false},
		"protectEnv blocks":               {preset("protectEnv", "Block"), "proc /mnt", proc, environ, "spec.presets[0]", false},
		"protectEnv audits":               {preset("protectEnv", "Audit"), "proc /mnt", proc, environ, "spec.presets[0]", true},
		"protectProc blocks":              {preset("protectProc", "Block"), "proc /mnt", proc, another, "spec.presets[0]", false},
	}
}

func TestMappingsAndPresets(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	const dir = "/var/tmp/rules"
	file := filepath.Join(dir, "file")
	for name, c := range actCases(file, dir) {
		t.Run(name, func(t *testing.T) {
			furnish(t, dir)
			fill(t, file)
			b := g.box(t, name, c.spec)
			got, want := outcomes(t, b.run(t, "helper: "+c.run)), 0
			for _, act := range slices.Sorted(maps.Keys(c.acts)) {
				about := c.denied(act)
				if about && c.rule != "" {
					want++
				}
				denied := about && !c.audited
				if said := got[act]; strings.Contains(said, "permission denied") != denied || !denied && said != "" {
					t.Errorf("%s: %q, want denied %t", act, said, denied)
				}
			}
			report := policy.ReportBlock
			if c.audited {
				report = policy.ReportAudit
			}
			events := g.of(t, name)
			if n := operations(events); int(n) != want {
				t.Errorf("events of %d operations, want %d", n, want)
			}
			for _, e := range events {
				if s := tell(e); s.Report != report || s.Rule != c.rule {
					t.Errorf("event %+v, want one of %s", s, c.rule)
				}
			}
		})
	}
	t.Run("programs", func(t *testing.T) { seePrograms(t, g) })
	t.Run("entering", func(t *testing.T) { seeEntering(t, g) })
}

// fill makes a file as long as what is mapped of it.
func fill(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, bytes.Repeat([]byte{0xc3}, pages*os.Getpagesize()), 0o755); err != nil {
		t.Fatal(err)
	}
}

// seePrograms runs programs whose files or loaders are concerned.
func seePrograms(t *testing.T, g *guest) {
	const loader = "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
	const rule = "spec.process.matchPaths[0]"
	copied := "/var/tmp/rules/loader"
	text, err := os.ReadFile(loader)
	if err != nil {
		t.Fatal(err)
	}
	furnish(t, "/var/tmp/rules")
	if err := os.WriteFile(copied, text, 0o755); err != nil {
		t.Fatal(err)
	}
	blocked := func(path string) string { return "process: {matchPaths: [{path: " + path + "}]}" }
	event := func(what, rule string) []told { return []told{{what, policy.ReportBlock, policy.ReasonRule, rule}} }
	for name, c := range map[string]ruleCase{
		"a blocked program by its loader":             {blocked("/usr/bin/id"), []string{loader, "/usr/bin/id"}, true, event("/usr/bin/id", rule)},
		"a blocked program by a copy of its loader":   {blocked("/usr/bin/id"), []string{copied, "/usr/bin/id"}, true, event("/usr/bin/id", rule)},
		"a blocked name's program by its loader":      {blocked("/bin/sh"), []string{loader, "/usr/bin/dash", "-c", "exit 0"}, true, event("/usr/bin/dash", rule)},
		"a blocked name's program by its own name":    {blocked("/bin/sh"), []string{"/usr/bin/dash", "-c", "exit 0"}, false, nil},
		"a program beside a blocked one, by a loader": {blocked("/usr/bin/id"), []string{loader, "/usr/bin/true"}, false, nil},
		"a program whose loader is blocked":           {blocked(loader), []string{"/usr/bin/true"}, true, event(loader, rule)},
		"a program whose loader is blocked as a link": {blocked("/lib64/ld-linux-x86-64.so.2"), []string{"/usr/bin/true"}, true, event(loader, rule)},
		"a program whose loader's folder is blocked":  {"process: {matchDirectories: [{dir: /usr/lib/, recursive: true}]}", []string{"/usr/bin/true"}, false, nil},
		"a program whose loader is on no list":        {"process: {matchPaths: [{path: /usr/bin/true, action: Allow}]}", []string{"/usr/bin/true"}, false, nil},
		"filelessExec and a memfd":                    {"presets: [{name: filelessExec, action: Block}]", []string{"helper: memfd /bin/true"}, true, nil},
		"filelessExec and a deleted file":             {"presets: [{name: filelessExec, action: Block}]", []string{"helper: deleted /bin/true"}, true, nil},
		"filelessExec audits a memfd":                 {"presets: [{name: filelessExec, action: Audit}]", []string{"helper: memfd /bin/true"}, false, nil},
		"filelessExec and a file":                     {"presets: [{name: filelessExec, action: Block}]", []string{"/usr/bin/true"}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := g.box(t, name, c.spec)
			if got := b.run(t, c.run...); (got.exit != 0) != c.denied || got.exit == 139 {
				t.Errorf("%v: exit status %d, want denied %t\n%s", c.run, got.exit, c.denied, got.output)
			}
			var events []told
			for _, e := range g.of(t, name) {
				events = append(events, tell(e))
			}
			if strings.HasPrefix(name, "filelessExec") {
				wanted := name != "filelessExec and a file"
				if (len(events) == 1) != wanted || wanted && events[0].Rule != "spec.presets[0]" {
					t.Errorf("events %+v", events)
				}
			} else if diff := cmp.Diff(c.events, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// seeEntering has one process come in before a policy and others after.
func seeEntering(t *testing.T, g *guest) {
	b := g.box(t, "entering", "file: {matchPaths: [{path: /no/such}]}")
	dir, err := b.group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	ready := filepath.Join(t.TempDir(), "ready")
	resident := program("helper: when " + ready + " /usr/bin/true")
	resident.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := resident.Start(); err != nil {
		t.Fatal(err)
	}
	b.apply(t, "presets: [{name: exec, action: Block}]")
	if got := b.run(t, "/usr/bin/true"); got.exit != 126 {
		t.Errorf("what came in after the start was executed: %+v", got)
	}
	if err := os.WriteFile(ready, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := resident.Wait(); err != nil {
		t.Errorf("the container's own process can't execute: %v", err)
	}
	b.apply(t, "presets: [{name: exec, action: Audit}]")
	if got := b.run(t, "/bin/sh", "-c", "/usr/bin/true"); got.exit != 0 {
		t.Errorf("what is only audited: %+v", got)
	}
	var rules []told
	for _, e := range g.of(t, "entering") {
		rules = append(rules, tell(e))
	}
	want := []told{
		{"/usr/bin/true", policy.ReportBlock, policy.ReasonRule, "spec.presets[0]"},
		{"/usr/bin/dash", policy.ReportAudit, policy.ReasonRule, "spec.presets[0]"},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
