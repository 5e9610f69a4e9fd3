package protected_test

import (
	"path"
	"strings"
	"testing"

	"kubearmor.io/policy"
	"kubearmor.io/policy/protected"
)

func TestEveryEntryHasProgramsFilesAndAReason(t *testing.T) {
	for _, e := range protected.Set() {
		if e.Role == "" || e.Reason == "" || len(e.Programs) == 0 || len(e.Files) == 0 {
			t.Errorf("%+v lacks a part", e)
		}
		for _, name := range append(append([]string{}, e.Programs...), e.Files...) {
			if !path.IsAbs(name) || path.Clean(name) != strings.TrimSuffix(name, "/") {
				t.Errorf("%s: %s is no clean full path", e.Role, name)
			}
		}
		for _, program := range e.Programs {
			if strings.HasSuffix(program, "/") {
				t.Errorf("%s: %s is no program", e.Role, program)
			}
		}
	}
}

func TestWarningsNameTheRuleAndWhatItWouldDeny(t *testing.T) {
	const host = "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorHostPolicy\nmetadata: {name: h}\nspec:\n  nodeSelector: {}\n"
	const pods = "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorClusterPolicy\nmetadata: {name: c}\nspec:\n  selector: {}\n"
	for name, c := range map[string]struct {
		object string
		want   []string // per warning, words that have to be in it
	}{
		"a block of sshd": {
			host + "  process: {matchPaths: [{path: /usr/sbin/sshd, action: Block}]}",
			[]string{"spec.process.matchPaths[0] /usr/sbin/sshd"},
		},
		"a block of sshd by name": {
			host + "  process: {matchPaths: [{execname: sshd, action: Block}]}",
			[]string{"spec.process.matchPaths[0] /usr/sbin/sshd"},
		},
		"a block of everything, counted": {
			host + "  process: {matchDirectories: [{dir: /, recursive: true, action: Block}]}",
			[]string{"spec.process.matchDirectories[0] more"},
		},
		"a block of sshd's settings": {
			host + "  file: {matchDirectories: [{dir: /etc/ssh/, recursive: true, action: Block}]}",
			[]string{"spec.file.matchDirectories[0] /etc/ssh/"},
		},
		"a policy in mode Audit, for the day it is enforced": {
			host + "  mode: Audit\n  process: {matchPaths: [{path: /usr/bin/kubelet, action: Block}]}",
			[]string{"spec.process.matchPaths[0] /usr/bin/kubelet"},
		},
		"no block that spares sshd": {
			host + "  file: {matchDirectories: [{dir: /etc/ssh/, recursive: true, action: Block, fromSource: [{path: /usr/bin/cat}]}]}",
			nil,
		},
		"no block of writing alone": {
			host + "  file: {matchDirectories: [{dir: /etc/ssh/, recursive: true, readOnly: true, action: Block}]}",
			nil,
		},
		"no block of something else": {
			host + "  process: {matchPaths: [{path: /usr/bin/nc, action: Block}]}",
			nil,
		},
		"no policy for containers": {
			pods + "  process: {matchPaths: [{path: /usr/sbin/sshd, action: Block}]}",
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := policy.Parse(strings.NewReader(c.object), "test.yaml")
			if err != nil {
				t.Fatal(err)
			}
			got := protected.Warnings(policies[0])
			if len(got) != len(c.want) {
				t.Fatalf("warnings %q, want %d of them", got, len(c.want))
			}
			for i, words := range c.want {
				for _, w := range strings.Fields(words) {
					if !strings.Contains(got[i], w) {
						t.Errorf("warning %q does not speak of %s", got[i], w)
					}
				}
			}
		})
	}
}

func TestCoversProgramsAndWhatTheyReadThemselves(t *testing.T) {
	const sshd, cat = "/usr/sbin/sshd", "/usr/bin/cat"
	for _, c := range []struct {
		kind         policy.OpKind
		name, source string
		want         bool
	}{
		{policy.OpExec, sshd, "", true},
		{policy.OpExec, sshd, cat, true},
		{policy.OpExec, cat, sshd, false},
		{policy.OpExec, "/tmp/sshd", "", false},
		{policy.OpRead, "/etc/ssh/sshd_config", sshd, true},
		{policy.OpRead, "/etc/ssh", sshd, true},
		{policy.OpRead, "/etc/shadow", sshd, true},
		{policy.OpRead, "/etc/ssh/ssh_host_ed25519_key", cat, false},
		{policy.OpRead, "/etc/sshx", sshd, false},
		{policy.OpRead, "/var/lib/kubelet/config.yaml", sshd, false},
		{policy.OpWrite, "/etc/ssh/sshd_config", sshd, false},
	} {
		op := &policy.Operation{Kind: c.kind, Names: policy.Name(c.name), Source: policy.Name(c.source)}
		if _, got := protected.Covers(op); got != c.want {
			t.Errorf("operation %d on %s by %s: covered %v, want %v", c.kind, c.name, c.source, got, c.want)
		}
	}
}
