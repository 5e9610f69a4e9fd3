package bpflsm

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/policy"
)

// told is what an event says, as far as the cases below care.
type told struct {
	Resource string
	Report   policy.Report
	Reason   policy.Reason
	Rule     string // its field
}

func tell(e enforcer.Event) told {
	w := told{Resource: e.Resource, Report: e.Decision.Report, Reason: e.Decision.Reason}
	if e.Category == policy.Capabilities {
		w.Resource = e.Capability.String()
	}
	if e.Decision.Rule >= 0 {
		w.Rule = e.Profile.At(policy.RuleRef{Policy: e.Decision.Policy, Rule: e.Decision.Rule}).Field
	}
	return w
}

type ruleCase struct {
	spec   string
	run    []string
	denied bool
	events []told
}

func ruleCases(dir string) map[string]ruleCase {
	file := filepath.Join(dir, "file")
	block := func(field string) []told { return []told{{file, policy.ReportBlock, policy.ReasonRule, field}} }
	blockFile := "file: {matchPaths: [{path: " + file + "}]}"
	posture := func(what string) []told { return []told{{what, policy.ReportBlock, policy.ReasonPosture, ""}} }
	const rule = "spec.file.matchPaths[0]"
	return map[string]ruleCase{
		"an exec that no rule speaks of is allowed": {"process: {matchPaths: [{path: /usr/bin/id}]}", []string{"/bin/true"}, false, nil},
		"a blocked program does not start":          {"process: {matchPaths: [{path: /usr/bin/id}]}", []string{"/bin/id"}, true, []told{{"/usr/bin/id", policy.ReportBlock, policy.ReasonRule, "spec.process.matchPaths[0]"}}},
		"an audited program starts":                 {"process: {matchPaths: [{path: /usr/bin/true, action: Audit}]}", []string{"/bin/true"}, false, []told{{"/usr/bin/true", policy.ReportAudit, policy.ReasonRule, "spec.process.matchPaths[0]"}}},
		"a program that is on no list is denied":    {"process: {matchPaths: [{path: /usr/bin/id, action: Allow}]}", []string{"/bin/true"}, true, posture("/usr/bin/true")},
		"a program that is on the list starts":      {"process: {matchPaths: [{path: /usr/bin/true, action: Allow}]}", []string{"/bin/true"}, false, nil},

		"reading a file that no rule speaks of":    {"file: {matchPaths: [{path: /no/such}]}", []string{"cat", file}, false, nil},
		"reading a blocked file":                   {blockFile, []string{"cat", file}, true, block(rule)},
		"reading an audited file":                  {"file: {matchPaths: [{path: " + file + ", action: Audit}]}", []string{"cat", file}, false, []told{{file, policy.ReportAudit, policy.ReasonRule, rule}}},
		"reading a read-only file":                 {"file: {matchPaths: [{path: " + file + ", readOnly: true}]}", []string{"cat", file}, false, nil},
		"writing a read-only file":                 {"file: {matchPaths: [{path: " + file + ", readOnly: true}]}", []string{"dd", "if=/dev/null", "of=" + file, "conv=notrunc", "status=none"}, true, block(rule)},
		"truncating a read-only file":              {"file: {matchPaths: [{path: " + file + ", readOnly: true}]}", []string{"truncate", "-s", "0", file}, true, block(rule)},
		"removing a blocked file":                  {blockFile, []string{"rm", "-f", file}, true, block(rule)},
		"renaming a blocked file":                  {blockFile, []string{"mv", "-T", file, filepath.Join(dir, "other")}, true, block(rule)},
		"renaming onto a blocked file":             {blockFile, []string{"mv", "-f", "-T", filepath.Join(dir, "source"), file}, true, block(rule)},
		"linking a blocked file":                   {blockFile, []string{"ln", file, filepath.Join(dir, "other")}, true, block(rule)},
		"changing a blocked file's mode":           {blockFile, []string{"chmod", "600", file}, true, block(rule)},
		"changing a blocked file's owner":          {blockFile, []string{"chown", "1", file}, true, block(rule)},
		"making a symbolic link of that name":      {"file: {matchPaths: [{path: " + file + "2}]}", []string{"ln", "-s", "x", file + "2"}, true, []told{{file + "2", policy.ReportBlock, policy.ReasonRule, rule}}},
		"making a folder of that name":             {"file: {matchPaths: [{path: " + file + "2}]}", []string{"mkdir", file + "2"}, true, []told{{file + "2", policy.ReportBlock, policy.ReasonRule, rule}}},
		"removing a folder of that name":           {"file: {matchPaths: [{path: " + dir + "/folder}]}", []string{"rmdir", dir + "/folder"}, true, []told{{dir + "/folder", policy.ReportBlock, policy.ReasonRule, rule}}},
		"pipes are judged by no file rule":         {"file: {matchPaths: [{path: " + file + ", action: Allow}]}", []string{"sh", "-c", "echo x | cat"}, false, nil},
		"a file without a name is on no list":      {"file: {matchPaths: [{path: " + file + ", action: Allow}]}", []string{"helper: tmpfile " + dir}, true, nil},
		"a program without a name is on no list":   {"process: {matchPaths: [{path: /**, action: Allow}]}", []string{"helper: memfd /bin/true"}, true, nil},
		"the caller's own /proc entry as self":     {"file: {matchPaths: [{path: /proc/self/environ}]}", []string{"sh", "-c", "exec cat /proc/$$/environ"}, true, nil},
		"another's /proc entry is not self":        {"file: {matchPaths: [{path: /proc/self/environ}]}", []string{"cat", "/proc/1/environ"}, false, nil},
		"a TCP socket where UDP is blocked":        {"network: {matchProtocols: [{protocol: udp}]}", []string{"helper: socket 2 1 0"}, false, nil},
		"a UDP socket where UDP is blocked":        {"network: {matchProtocols: [{protocol: udp}]}", []string{"helper: socket 2 2 0"}, true, []told{{"", policy.ReportBlock, policy.ReasonRule, "spec.network.matchProtocols[0]"}}},
		"an audited socket":                        {"network: {matchProtocols: [{protocol: tcp, action: Audit}]}", []string{"helper: socket 10 1 6"}, false, []told{{"", policy.ReportAudit, policy.ReasonRule, "spec.network.matchProtocols[0]"}}},
		"a unix socket beside a network list":      {"network: {matchProtocols: [{protocol: tcp, action: Allow}]}", []string{"helper: socket 1 1 0"}, false, nil},
		"a UDP socket that is on no list":          {"network: {matchProtocols: [{protocol: tcp, action: Allow}]}", []string{"helper: socket 2 2 0"}, true, posture("")},
		"a blocked capability":                     {"capabilities: {matchCapabilities: [{capability: sys_chroot}]}", []string{"helper: chroot"}, true, []told{{"sys_chroot", policy.ReportBlock, policy.ReasonRule, "spec.capabilities.matchCapabilities[0]"}}},
		"an audited capability":                    {"capabilities: {matchCapabilities: [{capability: sys_chroot, action: Audit}]}", []string{"helper: chroot"}, false, []told{{"sys_chroot", policy.ReportAudit, policy.ReasonRule, "spec.capabilities.matchCapabilities[0]"}}},
		"a capability that no rule speaks of":      {"capabilities: {matchCapabilities: [{capability: net_raw}]}", []string{"helper: chroot"}, false, nil},
		"another mount of a blocked file's folder": {blockFile, []string{"unshare", "-m", "sh", "-c", "mount --bind " + dir + " /mnt && cat /mnt/file"}, true, block(rule)},
		"a blocked file seen from a chroot":        {blockFile, []string{"chroot", dir, "/busybox", "cat", "/file"}, true, block(rule)},
	}
}

func TestRulesInTheKernel(t *testing.T) { seeRules(t, ruleCases("/var/tmp/rules")) }

// seeRules runs each case in a container of its own. The guest has a reader of its events.
func seeRules(t *testing.T, cases map[string]ruleCase) *guest {
	g := newGuest(t, Options{})
	g.read(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			furnish(t, "/var/tmp/rules")
			g.try(t, name, c)
			g.seeEvents(t, name, c)
		})
	}
	return g
}

// try runs a case in a container of its own, and sees whether it is denied.
func (g *guest) try(t *testing.T, name string, c ruleCase) result {
	t.Helper()
	got := g.box(t, name, c.spec).run(t, c.run...)
	if denied := got.exit != 0; denied != c.denied {
		t.Errorf("%v: exit status %d, want denied %t\n%s", c.run, got.exit, c.denied, got.output)
	}
	return got
}

// seeEvents compares what was told of a case. Where it is denied and names no event, there is some, whatever
// it is about.
func (g *guest) seeEvents(t *testing.T, name string, c ruleCase) {
	t.Helper()
	if c.events != nil || !c.denied {
		g.seeAll(t, name, c)
	} else if len(g.of(t, name)) == 0 {
		t.Error("the denial gave no event")
	}
}

// seeAll compares what was told of a case, to the last event.
func (g *guest) seeAll(t *testing.T, name string, c ruleCase) {
	t.Helper()
	var events []told
	for _, e := range g.of(t, name) {
		events = append(events, tell(e))
	}
	if diff := cmp.Diff(c.events, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// furnish makes the files that the cases are about.
func furnish(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "source"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	attribute(t, filepath.Join(dir, "file"))
	if err := os.Link("/bin/busybox", filepath.Join(dir, "busybox")); err != nil {
		t.Fatal(err)
	}
}

func TestADeniedCreationLeavesNoFile(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	b := g.box(t, "create", "file: {matchDirectories: [{dir: /var/tmp/rules/, readOnly: true}]}")
	if got := b.run(t, "touch", "/var/tmp/rules/new"); got.exit == 0 {
		t.Error("a file was made in a folder that is read-only")
	}
	if _, err := os.Lstat("/var/tmp/rules/new"); err == nil {
		t.Error("the denial left an empty file behind")
	}
	if events := g.of(t, "create"); len(events) != 1 || events[0].Resource != "/var/tmp/rules/new" {
		t.Errorf("events %+v, want one about the new file", events)
	}
}
