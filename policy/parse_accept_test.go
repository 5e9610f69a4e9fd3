package policy

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1 "kubearmor.io/api/security/v1"
)

// parseSpec parses a KubeArmorPolicy that has this spec.
func parseSpec(t *testing.T, spec string) *Policy {
	t.Helper()
	return parseOne(t, head+"spec: "+spec)
}

func parseOne(t *testing.T, input string) *Policy {
	t.Helper()
	got, err := Parse(strings.NewReader(input), "p.yaml")
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d policies, %v", len(got), err)
	}
	return got[0]
}

func comparePrefixes() cmp.Option {
	return cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
}

// rule is the rule with the defaults of a rule that says nothing.
func rule(field string, c Category, m Matcher) Rule { return Rule{Field: field, Category: c, Match: m} }

func TestMatchersAreRead(t *testing.T) {
	const process, file, network = "spec.process.", "spec.file.", "spec.network."
	dirRule := func(dir string, recursive bool) Rule {
		return rule(file+"matchDirectories[0]", File, Matcher{Kind: MatchDir, Path: dir, Recursive: recursive})
	}
	endpoint := func(e Endpoint) Rule {
		return rule(network+"matchEndpoints[0]", Network, Matcher{Kind: MatchEndpoint, Endpoint: &e})
	}
	tests := []struct {
		name, spec string
		want       Rule
	}{
		{"an exact path", "{process: {matchPaths: [{path: /bin/sh}]}}", rule(process+"matchPaths[0]", Process, Matcher{Kind: MatchPath, Path: "/bin/sh"})},
		{"a path with odd but real components", "{file: {matchPaths: [{path: /..a/.b/...}]}}", rule(file+"matchPaths[0]", File, Matcher{Kind: MatchPath, Path: "/..a/.b/..."})},
		{"a path with wildcards is a glob and keeps its text", `{process: {matchPaths: [{path: '/usr/lib/postgresql/*/bin/\[x'}]}}`,
			rule(process+"matchPaths[0]", Process, Matcher{Kind: MatchGlob, Path: `/usr/lib/postgresql/*/bin/\[x`})},
		{"an escaped wildcard is itself", `{file: {matchPaths: [{path: '/a\*\\b'}]}}`, rule(file+"matchPaths[0]", File, Matcher{Kind: MatchPath, Path: `/a*\b`})},
		{"a program by its base name", "{process: {matchPaths: [{execname: apt}]}}", rule(process+"matchPaths[0]", Process, Matcher{Kind: MatchExecName, Name: "apt"})},
		{"a directory with a slash at its end", "{file: {matchDirectories: [{dir: /etc/}]}}", dirRule("/etc", false)},
		{"a directory without", "{file: {matchDirectories: [{dir: /etc, recursive: true}]}}", dirRule("/etc", true)},
		{"an escaped wildcard in a directory", `{file: {matchDirectories: [{dir: '/a\*/'}]}}`, dirRule("/a*", false)},
		{"the root", "{file: {matchDirectories: [{dir: /, recursive: true}]}}", dirRule("/", true)},
		{"a pattern", "{process: {matchPatterns: [{pattern: '**/python*'}]}}", rule(process+"matchPatterns[0]", Process, Matcher{Kind: MatchGlob, Path: "**/python*"})},
		{"a boolean of YAML 1.1, as kubectl reads it", "{file: {matchDirectories: [{dir: /etc, recursive: yes}]}}", dirRule("/etc", true)},
		{"a protocol in capitals", "{network: {matchProtocols: [{protocol: ICMPv6}]}}", rule(network+"matchProtocols[0]", Network, Matcher{Kind: MatchProtocol, Protocol: ProtoICMPv6})},
		{"an address", "{network: {matchEndpoints: [{cidr: 10.0.0.1}]}}", endpoint(Endpoint{CIDR: netip.MustParsePrefix("10.0.0.1/32")})},
		{"an address of IPv6", "{network: {matchEndpoints: [{cidr: '2001:db8::1'}]}}", endpoint(Endpoint{CIDR: netip.MustParsePrefix("2001:db8::1/128")})},
		{"a whole endpoint", "{network: {matchEndpoints: [{cidr: 10.0.0.0/8, ports: [443, '80', '8000-8999'], protocol: TCP, direction: ingress}]}}",
			endpoint(Endpoint{netip.MustParsePrefix("10.0.0.0/8"), []PortRange{{443, 443}, {80, 80}, {8000, 8999}}, ProtoTCP, Ingress})},
		{"an endpoint without address", "{network: {matchEndpoints: [{ports: [22], direction: egress}]}}", endpoint(Endpoint{Ports: []PortRange{{22, 22}}})},
		{"a capability with its prefix", "{capabilities: {matchCapabilities: [{capability: CAP_NET_RAW}]}}",
			rule("spec.capabilities.matchCapabilities[0]", Capabilities, Matcher{Kind: MatchCapability, Capability: 13})},
		{"a preset of processes", "{presets: [{name: filelessExec}]}", rule("spec.presets[0]", Process, Matcher{Kind: MatchPreset, Preset: PresetFilelessExec})},
		{"a preset of files", "{presets: [{name: protectEnv}]}", rule("spec.presets[0]", File, Matcher{Kind: MatchPreset, Preset: PresetProtectEnv})},
		{"all flags of a process rule", "{process: {matchPatterns: [{pattern: /a*, ownerOnly: true, pts: true, allowedArgs: [-v], fromSource: [{path: /b}, {dir: /c/, recursive: true}]}]}}",
			Rule{Field: process + "matchPatterns[0]", Match: Matcher{Kind: MatchGlob, Path: "/a*"}, OwnerOnly: true, PTS: true,
				AllowedArgs: []string{"-v"}, FromSource: []Source{{Path: "/b"}, {Dir: "/c", Recursive: true}}}},
		{"an empty list of arguments allows none", "{process: {matchPaths: [{path: /a, allowedArgs: []}]}}",
			Rule{Field: process + "matchPaths[0]", Match: Matcher{Path: "/a"}, AllowedArgs: []string{}}},
		{"all flags of a file rule", "{file: {matchPaths: [{path: /a, readOnly: true, ownerOnly: true, pts: true}]}}",
			Rule{Field: file + "matchPaths[0]", Category: File, Match: Matcher{Path: "/a"}, ReadOnly: true, OwnerOnly: true, PTS: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parseSpec(t, tt.spec)
			if diff := cmp.Diff([]Rule{tt.want}, got.Rules, comparePrefixes()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestRulesInheritWhatTheyLack(t *testing.T) {
	p := parseSpec(t, `
  action: Allow
  severity: 1
  tags: [policy]
  message: of the policy
  process:
    matchPaths:
    - path: /inherits/all
    - {path: /has/all, action: Audit, severity: 9, tags: [], message: own}
  file:
    action: Audit
    severity: 5
    tags: [section]
    message: of the section
    matchDirectories:
    - dir: /inherits/from/the/section
    - {dir: /overrides, action: Block}
  syscalls:
    matchSyscalls: [{syscall: [unlink]}]
  presets: [{name: exec, action: Block}]
`)
	want := []Rule{
		{Action: Allow, Severity: 1, Tags: []string{"policy"}, Message: "of the policy"},
		{Action: Audit, Severity: 9, Tags: []string{}, Message: "own"},
		{Action: Audit, Severity: 5, Tags: []string{"section"}, Message: "of the section"},
		{Action: Block, Severity: 5, Tags: []string{"section"}, Message: "of the section"},
		{Action: Audit, Severity: 1, Tags: []string{"policy"}, Message: "of the policy"}, // never the policy's Allow
		{Action: Block, Severity: 1, Tags: []string{"policy"}, Message: "of the policy"},
	}
	if diff := cmp.Diff(want, p.Rules, cmpopts.IgnoreFields(Rule{}, "Field", "Category", "Match")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if p := parseSpec(t, "{file: {matchPaths: [{path: /a}]}}"); p.Rules[0].Action != Block {
		t.Errorf("where nothing names an action it is %v, want Block", p.Rules[0].Action)
	}
}

func TestRulesAreInTheOrderOfTheSections(t *testing.T) {
	p := parseSpec(t, `
  presets: [{name: exec}]
  syscalls:
    matchPaths: [{path: /d/, recursive: true, syscall: [unlink, openat]}, {path: /f, syscall: [unlink]}]
    matchSyscalls: [{syscall: [mount], fromSource: [{path: /a}]}]
  capabilities: {matchCapabilities: [{capability: net_raw}]}
  network: {matchEndpoints: [{cidr: 10.0.0.0/8}], matchProtocols: [{protocol: tcp}, {protocol: all}]}
  file: {matchPatterns: [{pattern: /a*}], matchDirectories: [{dir: /b}], matchPaths: [{path: /c}]}
  process: {matchPatterns: [{pattern: /a*}], matchDirectories: [{dir: /b}], matchPaths: [{path: /c}, {execname: d}]}
`)
	var fields []string
	for _, r := range p.Rules {
		fields = append(fields, strings.TrimPrefix(r.Field, "spec."))
	}
	want := []string{"process.matchPaths[0]", "process.matchPaths[1]", "process.matchDirectories[0]", "process.matchPatterns[0]",
		"file.matchPaths[0]", "file.matchDirectories[0]", "file.matchPatterns[0]", "network.matchProtocols[0]", "network.matchProtocols[1]",
		"network.matchEndpoints[0]", "capabilities.matchCapabilities[0]", "syscalls.matchSyscalls[0]", "syscalls.matchPaths[0]", "syscalls.matchPaths[1]", "presets[0]"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	syscalls := []Rule{
		{Match: Matcher{Kind: MatchSyscall, Syscalls: []string{"mount"}}, FromSource: []Source{{Path: "/a"}}},
		{Match: Matcher{Kind: MatchSyscall, Syscalls: []string{"unlink", "openat"}, Path: "/d/", Recursive: true}},
		{Match: Matcher{Kind: MatchSyscall, Syscalls: []string{"unlink"}, Path: "/f"}},
	}
	if diff := cmp.Diff(syscalls, p.Rules[11:14], cmpopts.IgnoreFields(Rule{}, "Field", "Category", "Action")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDoubtfulAndUnenforcedPartsAreReported(t *testing.T) {
	p := parseSpec(t, `
  process:
  file: {matchPaths: [{path: /a}], matchDirectories: []}
  network: {matchDNSQueries: [{domain: a.b, whatever: 1}]}
  apparmor: "deny /x r,"
  device: {matchDevice: [{class: MASS-STORAGE, subClass: 6}]}
`)
	warnings := []string{"spec.process is empty and does nothing.", "spec.file.matchDirectories is empty and does nothing."}
	if diff := cmp.Diff(warnings, p.Warnings); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	notEnforced := []NotEnforced{
		{"spec.network.matchDNSQueries", "rules about DNS queries are not enforced yet"},
		{"spec.apparmor", "raw AppArmor rules are not enforced"},
		{"spec.device.matchDevice", "rules about devices are not enforced yet"},
	}
	if diff := cmp.Diff(notEnforced, p.NotEnforced); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if p := parseSpec(t, "{apparmor: x}"); len(p.Rules) != 0 || len(p.NotEnforced) != 1 {
		t.Errorf("a policy of unenforced fields alone gave %+v", p)
	}
	h := parseOne(t, "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorHostPolicy\nmetadata: {name: h}\nspec: {mode: Audit, presets: [{name: exec}]}")
	if diff := cmp.Diff([]string{"spec.presets[0] (exec) never matches: nothing enters a host from outside."}, h.Warnings); diff != "" || h.Mode != ModeAudit {
		t.Errorf("mode %v, -want +got\n%s", h.Mode, diff)
	}
}

func TestInputsOfManyForms(t *testing.T) {
	object := func(name string) string {
		return `{"apiVersion": "security.kubearmor.com/v1", "kind": "KubeArmorPolicy", "metadata": {"name": "` + name + `"}, "spec": {"file": {"matchPaths": [{"path": "/\ud83d\ude00"}]}}}`
	}
	tests := []struct {
		name, input string
		opts        ParseOptions
		want        []string
	}{
		{"documents of YAML", "---\n" + shells("a") + "---\n# none\n---\n" + shells("b") + "...\n", ParseOptions{}, []string{"a", "b"}},
		{"JSON, one after the other", object("a") + "\n" + object("b"), ParseOptions{}, []string{"a", "b"}},
		{"YAML in braces", "{apiVersion: security.kubearmor.com/v1, kind: KubeArmorPolicy, metadata: {name: a}, spec: {file: {matchPaths: [{path: /a}]}}}", ParseOptions{}, []string{"a"}},
		{"a list", `{"apiVersion": "v1", "kind": "List", "items": [` + object("a") + "," + object("b") + "]}", ParseOptions{}, []string{"a", "b"}},
		{"a list of a kind", `{"apiVersion": "security.kubearmor.com/v1", "kind": "KubeArmorPolicyList", "metadata": {}, "items": [` + object("a") + "]}", ParseOptions{}, []string{"a"}},
		{"an object as the API server has it", head[:len(head)-2] + ", uid: x, generation: 3, creationTimestamp: 2026-01-01T00:00:00Z, managedFields: [{manager: m}]}\nspec: {file: {matchPaths: [{path: /a}]}}\nstatus: {status: OK}",
			ParseOptions{}, []string{"p"}},
		{"an application's file", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n---\n" + shells("a"), ParseOptions{SkipOthers: true}, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := ParseInput(strings.NewReader(tt.input), "p.yaml", tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range in.Policies {
				names = append(names, p.Name)
			}
			if diff := cmp.Diff(tt.want, names); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestAnchorsAndMergesAreExpanded(t *testing.T) {
	p := parseSpec(t, "\n  file:\n    matchPaths:\n    - &first {path: /a, readOnly: true, severity: 3}\n    - {<<: *first, path: /b}\n    - {<<: [*first], severity: 4}\n")
	want := []Rule{
		{Match: Matcher{Path: "/a"}, ReadOnly: true, Severity: 3},
		{Match: Matcher{Path: "/b"}, ReadOnly: true, Severity: 3},
		{Match: Matcher{Path: "/a"}, ReadOnly: true, Severity: 4},
	}
	if diff := cmp.Diff(want, p.Rules, cmpopts.IgnoreFields(Rule{}, "Field", "Category")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestNetworkPoliciesGiveAWarning(t *testing.T) {
	in, err := ParseInput(strings.NewReader("apiVersion: security.kubearmor.com/v1\nkind: KubeArmorNetworkPolicy\nmetadata: {name: n}\nspec: {egress: []}"), "p.yaml", ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := "p.yaml: KubeArmorNetworkPolicy/n: kind KubeArmorNetworkPolicy is accepted and not enforced; use spec.network of a KubeArmorPolicy or KubeArmorHostPolicy"
	if len(in.Policies) != 0 || len(in.Warnings) != 1 || in.Warnings[0].Error() != want {
		t.Errorf("got %v, %v", in.Policies, in.Warnings)
	}
}

type unstructured map[string]any

func (u unstructured) UnstructuredContent() map[string]any { return u }

func TestObjectsOfTheAPIGiveTheSamePolicyAsFiles(t *testing.T) {
	want := parseOne(t, shells("p"))
	want.Source = "api"
	typed := &v1.KubeArmorPolicy{}
	typed.Name, typed.Spec.Process = "p", &v1.ProcessRules{MatchPaths: []v1.ProcessPathRule{{Path: "/bin/sh"}}}
	content := map[string]any{
		"apiVersion": v1.APIVersion, "kind": "KubeArmorPolicy", "metadata": map[string]any{"name": "p"},
		"spec": map[string]any{"process": map[string]any{"matchPaths": []any{map[string]any{"path": "/bin/sh"}}}},
	}
	for name, obj := range map[string]any{"typed": typed, "a map": content, "unstructured": unstructured(content)} {
		t.Run(name, func(t *testing.T) {
			got, err := FromObject(obj, "api")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	cluster, host := &v1.KubeArmorClusterPolicy{}, &v1.KubeArmorHostPolicy{}
	cluster.Name, host.Name = "c", "h"
	cluster.Spec.AppArmor, host.Spec.AppArmor = "x", "x"
	for want, obj := range map[Kind]any{KindClusterPolicy: cluster, KindHostPolicy: host} {
		if got, err := FromObject(obj, "api"); err != nil || got.Kind != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
}

func TestObjectsOfTheAPIAreAsStrictAsFiles(t *testing.T) {
	typed := &v1.KubeArmorPolicy{}
	typed.Name = "p"
	typed.Spec.File = &v1.FileRules{MatchPaths: []v1.FilePathRule{{Path: "a", Attributes: v1.Attributes{Severity: 11}}}}
	tests := []struct {
		name string
		obj  any
		want string
	}{
		{"a typed object", typed, `api: KubeArmorPolicy/default/p: spec.file.matchPaths[0].path: "a" is not absolute; begin it with /
api: KubeArmorPolicy/default/p: spec.file.matchPaths[0].severity: 11 is not from 1 to 10; write a whole number from 1 to 10`},
		{"an unknown field", map[string]any{"apiVersion": v1.APIVersion, "kind": "KubeArmorHostPolicy", "metadata": map[string]any{"name": "p"}, "spec": map[string]any{"files": map[string]any{}}},
			"api: KubeArmorHostPolicy/p: spec.files: is not a field of spec; did you mean file?"},
		{"a network policy", map[string]any{"apiVersion": v1.APIVersion, "kind": "KubeArmorNetworkPolicy", "metadata": map[string]any{"name": "p"}},
			"api: is not one policy; give one object of a kind of policy that is enforced"},
		{"something else", 7, "api: a int is no policy; give a KubeArmorPolicy, KubeArmorClusterPolicy or KubeArmorHostPolicy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := FromObject(tt.obj, "api")
			if err == nil || got != nil || err.Error() != tt.want {
				t.Errorf("got %v, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}
