package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Of a container with a volume (file system 2) that is mounted twice, a folder of it that is
// mounted beside, one that lies in another mount, and a mount in a second name.
var mountedTwice = []Mount{
	{1, "/", "/"},
	{2, "/vol", "/data"},
	{2, "/vol", "/backup"},
	{2, "/vol/sub", "/sub"},
	{3, "/", "/backup/in"},
	{2, "/vol/hidden", "/data/over"},
	{2, "/vol/f", "/mnt/file"},
	{2, "/vol/f", "/etc/file"},
	{4, "/x", "/run"},
}

func TestOtherNames(t *testing.T) {
	got := OtherNames(mountedTwice)
	want := []OtherName{
		{"/backup", "/data", true},
		{"/backup/f", "/mnt/file", false},
		{"/backup/hidden", "/data/over", false},
		{"/backup/in", "/backup/in", true},
		{"/backup/sub", "/sub", false},
		{"/data/f", "/mnt/file", false},
		{"/data/hidden", "/data/over", false},
		{"/data/sub", "/sub", false},
		{"/etc/file", "/mnt/file", true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := OtherNames([]Mount{{1, "/", "/"}, {2, "/", "/proc"}, {2, "/sys", "/proc/sys"}, {3, "/a", "/etc/hosts"}, {3, "/b", "/data"}}); len(got) != 0 {
		t.Errorf("a container in which each file has one name has others: %v", got)
	}
}

func TestOriginOf(t *testing.T) {
	others := OtherNames(mountedTwice)
	for name, want := range map[string]string{
		"/":                  "/",
		"/etc/passwd":        "/etc/passwd",
		"/backups":           "/backups",
		"/backup":            "/data",
		"/backup/a/b":        "/data/a/b",
		"/backup/in/f":       "/backup/in/f",
		"/backup/inner":      "/data/inner",
		"/data/sub/x":        "/sub/x",
		"/backup/sub/x":      "/sub/x",
		"/data/over/sub":     "/data/over/sub",
		"/data/hidden/x":     "/data/over/x",
		"/etc/file":          "/mnt/file",
		"/run/x":             "/run/x",
		"/backup/hidden/a/b": "/data/over/a/b",
	} {
		if got := originOf(others, name); got != want {
			t.Errorf("%s has the origin %s, want %s", name, got, want)
		}
	}
}

// A rule of any kind holds for a file by whichever name it was written.
func TestRulesHoldForOtherNames(t *testing.T) {
	for _, c := range []struct{ rule, name string }{
		{"matchPaths: [{path: /backup/x}]", "/data/x"},
		{"matchPaths: [{path: /data/sub/x}]", "/sub/x"},
		{"matchPaths: [{path: /etc/file}]", "/mnt/file"},
		{"matchDirectories: [{dir: /backup/, recursive: true}]", "/data/a/b"},
		{"matchDirectories: [{dir: /backup/}]", "/data/a"},
		{"matchDirectories: [{dir: /data/sub/, recursive: true}]", "/sub/a/b"},
		{"matchDirectories: [{dir: /etc/, recursive: true}]", "/mnt/file"},
		{"matchPatterns: [{pattern: '/backup/*.key'}]", "/data/a.key"},
		{"matchPatterns: [{pattern: '/back*/**'}]", "/data/a/b"},
		{"matchPatterns: [{pattern: '/e*/fil?'}]", "/mnt/file"},
		{"matchPatterns: [{pattern: '/data/sub/*'}]", "/sub/a"},
	} {
		for _, action := range []string{"Block", "Allow"} {
			p := policyOf(t, "spec: {file: {"+c.rule+"}, action: "+action+"}")
			opt := Options{NoBaseline: true, OtherNames: OtherNames(mountedTwice)}
			with, without := mustProfile(t, []*Policy{p}, opt), mustProfile(t, []*Policy{p}, Options{NoBaseline: true})
			op := &Operation{Kind: OpRead, Names: Names{Origin: []string{c.name}}}
			denied := action == "Block"
			if d := Decide(with, op); (d.Verdict == Denied) != denied {
				t.Errorf("%s %s, reading %s: %+v", action, c.rule, c.name, d)
			}
			if d := Decide(without, op); (d.Verdict == Denied) == denied {
				t.Errorf("%s %s, reading %s, without other names: %+v", action, c.rule, c.name, d)
			}
			again, err := RestoreProfile(with.Canonical())
			if err != nil || again.Hash() != with.Hash() {
				t.Errorf("%s %s is not restored: %v", action, c.rule, err)
			}
		}
	}
}

func TestRulesOfProgramsHoldForOtherNames(t *testing.T) {
	opt := Options{NoBaseline: true, OtherNames: OtherNames(mountedTwice), Root: rootOf([]string{"/data/busybox", "/backup/busybox"}, map[string]string{"/backup/sh": "busybox", "/data/sh": "busybox"})}
	p := mustProfile(t, []*Policy{policyOf(t, "spec: {process: {matchPaths: [{path: /backup/sh}]}, action: Block}")}, opt)
	for started, want := range map[string]bool{"sh": true, "cat": false} {
		op := &Operation{Kind: OpExec, Names: Names{Origin: []string{"/data/busybox"}}, StartedBy: started}
		if d := Decide(p, op); (d.Verdict == Denied) != want {
			t.Errorf("/data/busybox started as %s: %+v", started, d)
		}
	}
	p = mustProfile(t, []*Policy{policyOf(t, "spec: {file: {matchPaths: [{path: /secret, fromSource: [{path: /backup/tool}]}]}, action: Block}")}, opt)
	if d := Decide(p, &Operation{Kind: OpRead, Names: Names{Origin: []string{"/secret"}}, Source: Names{Origin: []string{"/data/tool"}}}); d.Verdict != Denied {
		t.Errorf("/secret read by /data/tool, which is /backup/tool: %+v", d)
	}
	p = mustProfile(t, []*Policy{policyOf(t, "spec: {process: {matchPaths: [{path: /backup/tool}]}, action: Allow}")}, opt)
	if d := Decide(p, &Operation{Kind: OpWrite, Names: Names{Origin: []string{"/data/tool"}}}); d.Verdict != Denied {
		t.Errorf("writing /data/tool, an allowed program by its other name: %+v", d)
	}
}

func policyOf(t *testing.T, spec string) *Policy {
	t.Helper()
	all, err := Parse(strings.NewReader("apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p, namespace: default}\n"+strings.Replace(spec, "spec: {", "spec: {selector: {}, ", 1)+"\n"), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}
