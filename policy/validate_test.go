package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fault is the spec of a policy, and what is wrong with it as "field: problem; mend".
type fault struct{ name, spec, want string }

func checkFaults(t *testing.T, kind string, tests []fault) {
	t.Helper()
	object, prefix := "KubeArmorPolicy/default/p", "apiVersion: security.kubearmor.com/v1\nkind: "+kind+"\nmetadata: {name: p}\nspec: "
	if kind != "KubeArmorPolicy" {
		object = kind + "/p"
	}
	var refusals []refusal
	for _, f := range tests {
		lines := strings.Split(f.want, "\n")
		for i := range lines {
			lines[i] = "p.yaml: " + object + ": " + lines[i]
		}
		refusals = append(refusals, refusal{f.name, prefix + f.spec, strings.Join(lines, "\n")})
	}
	checkRefused(t, refusals)
}

func TestPathsHaveToBeAbsoluteAndClean(t *testing.T) {
	const paths, dirs, patterns = "spec.file.matchPaths[0].path: ", "spec.file.matchDirectories[0].dir: ", "spec.file.matchPatterns[0].pattern: "
	path := func(name, path, want string) fault {
		return fault{name, fmt.Sprintf("{file: {matchPaths: [{path: %q}]}}", path), paths + want}
	}
	dir := func(name, path, want string) fault {
		return fault{name, fmt.Sprintf("{file: {matchDirectories: [{dir: %q}]}}", path), dirs + want}
	}
	pattern := func(name, path, want string) fault {
		return fault{name, fmt.Sprintf("{file: {matchPatterns: [{pattern: %q}]}}", path), patterns + want}
	}
	checkFaults(t, "KubeArmorPolicy", []fault{
		path("a relative path", "etc/passwd", `"etc/passwd" is not absolute; begin it with /`),
		path("a doubled slash", "/etc//passwd", `"/etc//passwd" holds //; write "/etc/passwd"`),
		path("a dot", "/etc/./passwd", `"/etc/./passwd" holds the component .; write "/etc/passwd"`),
		path("two dots", "/etc/../passwd", `"/etc/../passwd" holds the component ..; write "/passwd"`),
		path("two dots behind an escape", `/etc/\../passwd`, `"/etc/\\../passwd" holds the component ..; write "/etc/\\../passwd"`),
		path("a slash at the end", "/etc/", `"/etc/" ends with /; write "/etc", or use dir: "/etc/"`),
		path("the root", "/", `is a directory; use dir: "/"`),
		path("a backslash at the end", `/a\`, `ends with a \ that escapes nothing; write \\ for a backslash, or remove it`),
		path("a NUL byte", "/a\x00b", "holds a NUL byte; remove it: no file name has one"),
		path("a path that is too long", "/"+strings.Repeat("a", MaxPathLength), "is 4097 bytes long, the limit is 4096; name a directory above it, or use a pattern"),
		path("a glob that is not clean", "/usr/*//bin", `"/usr/*//bin" holds //; write "/usr/*/bin"`),
		path("a glob with a slash at the end", "/usr/*/", `"/usr/*/" ends with /; write "/usr/*"`),
		path("a glob that is relative", "usr/*", `"usr/*" is not absolute; begin it with /`),
		path("a glob that begins with **, which is for patterns", "**/a", `"**/a" is not absolute; begin it with /`),
		dir("a relative directory", "etc/", `"etc/" is not absolute; begin it with /`),
		dir("a directory with a wildcard", "/home/*/", `"/home/*/" has a wildcard, which a directory can't have; name a directory above it, use a pattern where there is one, or escape it with \`),
		dir("a directory with a doubled slash at the end", "/etc//", `"/etc//" ends with /; write "/etc"`),
		dir("a directory with dots", "/etc/../", `"/etc/../" holds the component ..; write "/"`),
		pattern("a relative pattern", "*.conf", `"*.conf" begins with neither / nor **; write "**/*.conf"`),
		pattern("a pattern with dots", "/a/../*", `"/a/../*" holds the component ..; write "/*"`),
		pattern("a pattern that is too long", "/"+strings.Repeat("a", MaxPathLength), "is 4097 bytes long, the limit is 4096; name a directory above it, or use a pattern"),
		{"nothing but an action", "{file: {matchPaths: [{action: Block}], matchDirectories: [{recursive: true}], matchPatterns: [{}]}}",
			"spec.file.matchPaths[0]: has no path; give the file\nspec.file.matchDirectories[0]: has no dir; give the directory\nspec.file.matchPatterns[0]: has no pattern; give the glob"},
	})
}

func TestGlobsThatCannotBeCompiledAreRefused(t *testing.T) {
	for _, pattern := range []string{"/a[", "/a{b", "/[z-a]", `/a*\`} {
		_, err := Parse(strings.NewReader(fmt.Sprintf("%sspec: {file: {matchPatterns: [{pattern: %q}]}}", head, pattern)), "p.yaml")
		want := fmt.Sprintf("p.yaml: KubeArmorPolicy/default/p: spec.file.matchPatterns[0].pattern: %q is no glob: ", pattern)
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), `; mend it, or escape with \ what stands for itself`) {
			t.Errorf("%s: got %v", pattern, err)
		}
	}
}

func TestProcessRulesAreChecked(t *testing.T) {
	rule := func(name, rule, want string) fault {
		return fault{name, "{process: {matchPaths: [" + rule + "]}}", "spec.process.matchPaths[0]" + want}
	}
	checkFaults(t, "KubeArmorPolicy", []fault{
		rule("neither path nor execname", "{action: Block}", ": has neither path nor execname; give one of them"),
		rule("both path and execname", "{path: /bin/a, execname: a}", ": has both path and execname; keep one, and give the other a rule of its own"),
		rule("an execname with a slash", "{execname: /usr/bin/apt}", `.execname: "/usr/bin/apt" is no base name; use path, or write "apt"`),
		rule("an execname with a wildcard", "{execname: 'python*'}", `.execname: "python*" has a wildcard, which execname can't have; use matchPatterns with pattern: "**/python*"`),
		rule("an execname that is no name", "{execname: ..}", ".execname: is no name of a program; write the base name of one, of at most 255 bytes"),
		rule("an empty fromSource", "{path: /a, fromSource: []}", ".fromSource: is an empty list, which no program is in; name a program, or remove the field"),
		rule("an empty source", "{path: /a, fromSource: [{}]}", ".fromSource[0]: has neither path nor dir; give one of them"),
		rule("a source with both", "{path: /a, fromSource: [{path: /b}, {path: /b, dir: /c}]}", ".fromSource[1]: has both path and dir; keep one, and give the other an entry of its own"),
		rule("a recursive source path", "{path: /a, fromSource: [{path: /b, recursive: true}]}", ".fromSource[0].recursive: goes with dir only; remove it, or use dir"),
		rule("a source with a wildcard", "{path: /a, fromSource: [{path: '/b*'}]}", `.fromSource[0].path: "/b*" has a wildcard, which a source can't have; name each program, use dir, or escape it with \`),
		rule("a relative source", "{path: /a, fromSource: [{path: b}]}", `.fromSource[0].path: "b" is not absolute; begin it with /`),
		rule("a source directory with a wildcard", "{path: /a, fromSource: [{dir: '/b*/'}]}", `.fromSource[0].dir: "/b*/" has a wildcard, which a directory can't have; name a directory above it, use a pattern where there is one, or escape it with \`),
		rule("too many sources", "{path: /a, fromSource: ["+strings.Repeat("{path: /b},", MaxSources+1)+"]}", ".fromSource: has 65 entries, the limit is 64; use dir, or split the rule"),
		rule("too many arguments", "{path: /a, allowedArgs: ["+strings.Repeat("a,", MaxAllowedArgs+1)+"]}", ".allowedArgs: has 129 entries, the limit is 128; allow fewer"),
		rule("an argument with a NUL byte", `{path: /a, allowedArgs: ["a\0"]}`, ".allowedArgs[0]: holds a NUL byte; remove it: no argument has one"),
	})
}

func TestAttributesAreChecked(t *testing.T) {
	const rules = ", file: {matchPaths: [{path: /a}]}}"
	checkFaults(t, "KubeArmorPolicy", []fault{
		{"an action in lower case", "{action: block" + rules, `spec.action: "block" is no action; write Block`},
		{"another word for an action", "{action: Deny" + rules, `spec.action: "Deny" is no action; write one of Allow, Audit, Block`},
		{"an action of a section", "{file: {action: ALLOW, matchPaths: [{path: /a}]}}", `spec.file.action: "ALLOW" is no action; write Allow`},
		{"an action of a rule", "{file: {matchPaths: [{path: /a, action: audit}]}}", `spec.file.matchPaths[0].action: "audit" is no action; write Audit`},
		{"a severity of 0", "{severity: 0" + rules, "spec.severity: 0 is not from 1 to 10; write a whole number from 1 to 10"},
		{"a severity of 11", "{file: {severity: 11, matchPaths: [{path: /a}]}}", "spec.file.severity: 11 is not from 1 to 10; write a whole number from 1 to 10"},
		{"half a severity", "{file: {matchPaths: [{path: /a, severity: 1.5}]}}", "spec.file.matchPaths[0].severity: 1.5 is not from 1 to 10; write a whole number from 1 to 10"},
		{"an unknown mode", "{mode: enforce" + rules, `spec.mode: "enforce" is no mode; write Enforce`},
		{"no rule at all", "{selector: {}}", "spec: has no rule; give at least one of process, file, network, capabilities, syscalls, presets"},
		{"empty sections alone", "{process: {}, file: {matchPaths: []}}", "spec: has no rule; give at least one of process, file, network, capabilities, syscalls, presets"},
	})
}

func TestWhatIsTooLongOrTooManyIsRefused(t *testing.T) {
	const rules = ", file: {matchPaths: [{path: /a}]}}"
	many := func(n int, s string) string { return "[" + strings.Repeat(s+",", n) + "]" }
	text := func(n int) string { return strings.Repeat("a", n) }
	checkFaults(t, "KubeArmorPolicy", []fault{
		{"a message", "{message: " + text(MaxTextLength+1) + rules, "spec.message: is 4097 bytes long, the limit is 4096; shorten it"},
		{"a tag", "{tags: [" + text(MaxTagLength+1) + "]" + rules, "spec.tags[0]: is 257 bytes long, the limit is 256; shorten it"},
		{"tags", "{tags: " + many(MaxTags+1, "a") + rules, "spec.tags: has 65 entries, the limit is 64; use fewer"},
		{"an argument", "{process: {matchPaths: [{path: /a, allowedArgs: [" + text(MaxTextLength+1) + "]}]}}", "spec.process.matchPaths[0].allowedArgs[0]: is 4097 bytes long, the limit is 4096; shorten it"},
		{"ports", "{network: {matchEndpoints: [{ports: " + many(MaxPorts+1, "1") + "}]}}", "spec.network.matchEndpoints[0].ports: has 257 entries, the limit is 256; use ranges, or split the rule"},
		{"system calls", "{syscalls: {matchSyscalls: [{syscall: " + many(MaxSyscalls+1, "read") + "}]}}", "spec.syscalls.matchSyscalls[0].syscall: has 513 entries, the limit is 512; split the rule"},
		{"presets", "{presets: " + many(MaxPresets+1, "{name: exec}") + "}", "spec.presets: has 65 entries, the limit is 64; remove those that are given twice"},
		{"expressions", "{selector: {matchExpressions: " + many(MaxExpressions+1, "{key: a, operator: Exists}") + "}" + rules, "spec.selector.matchExpressions: has 65 entries, the limit is 64; use fewer"},
		{"values", "{selector: {matchExpressions: [{key: a, operator: In, values: " + many(MaxValues+1, "a") + "}]}" + rules, "spec.selector.matchExpressions[0].values: has 257 entries, the limit is 256; use several policies"},
	})
}

func TestTooManyRulesAreRefused(t *testing.T) {
	spec := func(n int) string { return "{file: {matchPaths: [" + strings.Repeat("{path: /a},", n) + "]}}" }
	checkFaults(t, "KubeArmorPolicy", []fault{
		{"one more than the limit", spec(MaxRules + 1), "spec: has 10001 rules, the limit is 10000; use directories and patterns, or split the policy"},
	})
	if _, err := Parse(strings.NewReader(head+"spec: "+spec(MaxRules)), "p.yaml"); err != nil {
		t.Errorf("as many as the limit: %v", err)
	}
}

func TestNetworkRulesAreChecked(t *testing.T) {
	endpoint := func(name, rule, want string) fault {
		return fault{name, "{network: {matchEndpoints: [" + rule + "]}}", "spec.network.matchEndpoints[0]" + want}
	}
	checkFaults(t, "KubeArmorPolicy", []fault{
		{"no protocol", "{network: {matchProtocols: [{action: Block}]}}", "spec.network.matchProtocols[0]: has no protocol; give one of all, tcp, udp, icmp, icmpv6, sctp, raw"},
		{"a misspelt protocol", "{network: {matchProtocols: [{protocol: IMCP}]}}", `spec.network.matchProtocols[0].protocol: "IMCP" is no protocol; write icmp`},
		{"an unknown protocol", "{network: {matchProtocols: [{protocol: seqpacket}]}}",
			`spec.network.matchProtocols[0].protocol: "seqpacket" is no protocol; write one of all, tcp, udp, icmp, icmpv6, sctp, raw`},
		endpoint("nothing about the endpoint", "{action: Block}", ": says nothing about the endpoint; give at least one of cidr, ports, protocol and direction"),
		endpoint("a host name", "{fqdn: example.com}", ".fqdn: is not supported yet (NotSupported); give the addresses as cidr"),
		endpoint("no address", "{cidr: localhost}", `.cidr: "localhost" is no address and no prefix; write one like 10.0.0.0/8 or 2001:db8::1`),
		endpoint("an address with a zone", "{cidr: 'fe80::1%eth0'}", `.cidr: "fe80::1%eth0" is no address and no prefix; write one like 10.0.0.0/8 or 2001:db8::1`),
		endpoint("bits outside of the prefix", "{cidr: 10.1.2.3/8}", `.cidr: "10.1.2.3/8" has bits outside of its prefix; write 10.0.0.0/8, or 10.1.2.3 for the one address`),
		endpoint("IPv4 as IPv6", "{cidr: '::ffff:10.0.0.0/104'}", `.cidr: "::ffff:10.0.0.0/104" is judged as IPv4; write 10.0.0.0/8`),
		endpoint("no ports", "{ports: []}", ".ports: is an empty list, which no port is in; name a port, or remove the field"),
		endpoint("a name of a port", "{ports: [https]}", `.ports[0]: "https" is no port and no range of ports; write a number from 1 to 65535, or a range like "8000-8999"`),
		endpoint("port 0", "{ports: [443, 0]}", `.ports[1]: "0" is no port and no range of ports; write a number from 1 to 65535, or a range like "8000-8999"`),
		endpoint("a port that is too high", "{ports: ['65536']}", `.ports[0]: "65536" is no port and no range of ports; write a number from 1 to 65535, or a range like "8000-8999"`),
		endpoint("a range the wrong way round", "{ports: ['9-8']}", `.ports[0]: "9-8" ends before it begins; write "8-9"`),
		endpoint("a protocol without ports", "{protocol: icmp}", `.protocol: "icmp" has no ports and no endpoints; use matchProtocols for it`),
		endpoint("protocol all", "{protocol: ALL}", ".protocol: an endpoint has no protocol all; remove it: without one, every protocol is meant"),
		endpoint("an unknown protocol for an endpoint", "{protocol: quic}", `.protocol: "quic" has no ports and no endpoints; write one of tcp, udp, sctp`),
		endpoint("an unknown direction", "{direction: Ingres}", `.direction: "Ingres" is no direction; write ingress`),
	})
}

func TestCapabilitiesSyscallsAndPresetsAreChecked(t *testing.T) {
	checkFaults(t, "KubeArmorPolicy", []fault{
		{"no capability", "{capabilities: {matchCapabilities: [{action: Block}]}}", "spec.capabilities.matchCapabilities[0]: has no capability; name one, such as net_raw"},
		{"a misspelt capability", "{capabilities: {matchCapabilities: [{capability: CAP_NETRAW}]}}",
			`spec.capabilities.matchCapabilities[0].capability: "CAP_NETRAW" is no capability; did you mean net_raw?`},
		{"an unknown capability", "{capabilities: {matchCapabilities: [{capability: root}]}}",
			`spec.capabilities.matchCapabilities[0].capability: "root" is no capability; use a name of capabilities(7), such as net_raw`},
		{"no system call", "{syscalls: {matchSyscalls: [{fromSource: [{path: /a}]}]}}", "spec.syscalls.matchSyscalls[0]: names no system call; list some in syscall"},
		{"a misspelt system call", "{syscalls: {matchSyscalls: [{syscall: [unlink, opneat]}]}}", `spec.syscalls.matchSyscalls[0].syscall[1]: "opneat" is no system call; did you mean openat?`},
		{"an unknown system call", "{syscalls: {matchSyscalls: [{syscall: [zzzzzzzzzzzz]}]}}", `spec.syscalls.matchSyscalls[0].syscall[0]: "zzzzzzzzzzzz" is no system call; use a name of syscalls(2), such as unlink`},
		{"blocking system calls", "{syscalls: {action: Block, matchSyscalls: [{syscall: [unlink], action: Allow}]}}",
			"spec.syscalls.action: is Block, and syscalls are audit only; use Audit, or remove it\nspec.syscalls.matchSyscalls[0].action: is Allow, and syscalls are audit only; use Audit, or remove it"},
		{"a system call's path that isn't there", "{syscalls: {matchPaths: [{syscall: [unlink]}]}}", "spec.syscalls.matchPaths[0]: has no path; give the file or directory"},
		{"a recursive file", "{syscalls: {matchPaths: [{syscall: [unlink], path: /a, recursive: true}]}}",
			`spec.syscalls.matchPaths[0].recursive: goes with a directory, and "/a" is a file; write the path with / at its end, or remove it`},
		{"a wildcard in a system call's path", "{syscalls: {matchPaths: [{syscall: [unlink], path: '/a*'}]}}",
			`spec.syscalls.matchPaths[0].path: "/a*" has a wildcard, which a path of syscalls can't have; name a directory, or escape it with \`},
		{"a preset without a name", "{presets: [{action: Block}]}", "spec.presets[0]: has no name; name a preset, such as filelessExec"},
		{"a misspelt preset", "{presets: [{name: filelessexec}]}", `spec.presets[0].name: "filelessexec" is no preset; write filelessExec`},
		{"a preset that allows", "{presets: [{name: exec, action: Allow}]}", "spec.presets[0].action: is Allow, and a preset says what is forbidden; use Block or Audit, or remove it"},
		{"a preset that inherits Allow", "{action: Allow, presets: [{name: exec}]}", "spec.presets[0]: inherits action Allow, and a preset says what is forbidden; give it action Block or Audit"},
	})
}

func TestSelectorsAreChecked(t *testing.T) {
	const rules = ", file: {matchPaths: [{path: /a}]}}"
	expression := func(name, e, want string) fault {
		return fault{name, "{selector: {matchExpressions: [" + e + "]}" + rules, "spec.selector.matchExpressions[0]" + want}
	}
	const goodValue = "use at most 63 letters, digits, -, _ and ., the first and last a letter or digit"
	checkFaults(t, "KubeArmorPolicy", []fault{
		{"a label's name", "{selector: {matchLabels: {'a b': c}}" + rules,
			`spec.selector.matchLabels["a b"]: "a b" is no name of a label; use letters, digits, -, _ and ., with an optional domain and / before them`},
		{"a label's value", "{selector: {matchLabels: {app: 'x*'}}" + rules, `spec.selector.matchLabels.app: "x*" is no value of a label; ` + goodValue},
		{"no container", "{selector: {matchLabels: {kubearmor.io/container.name: '[]'}}" + rules,
			`spec.selector.matchLabels["kubearmor.io/container.name"]: "" is no name of a container; write a name, or a list like "[a,b]"`},
		{"a list of containers without its end", "{selector: {matchLabels: {kubearmor.io/container.name: '[a,b'}}" + rules,
			`spec.selector.matchLabels["kubearmor.io/container.name"]: "[a,b" is no name of a container; write a name, or a list like "[a,b]"`},
		expression("no key", "{operator: Exists}", ": has no key; name a label"),
		expression("no operator", "{key: a}", ": has no operator; give one of In, NotIn, Exists, DoesNotExist"),
		expression("an unknown operator", "{key: a, operator: in, values: [b]}", `.operator: "in" is no operator; write In`),
		expression("In without values", "{key: a, operator: In}", ": operator In has no values; give values, or use Exists or DoesNotExist"),
		expression("Exists with values", "{key: a, operator: Exists, values: [b]}", ".values: operator Exists takes none; remove them, or use In or NotIn"),
		expression("a value that no label has", "{key: a, operator: In, values: [b, 'c d']}", `.values[1]: "c d" is no value of a label; `+goodValue),
		expression("key label without pairs", "{key: label, operator: In, values: [app]}", `.values[0]: "app" has not the form name=value; write name=value, or use the label's name as key`),
		expression("the container's name", "{key: kubearmor.io/container.name, operator: In, values: [a]}", ".key: the name of a container is no label of the pod; use matchLabels for it"),
	})
	checkFaults(t, "KubeArmorClusterPolicy", []fault{
		expression("a namespace that exists", "{key: namespace, operator: Exists}", ".operator: is Exists, and every pod has a namespace; use In or NotIn"),
		expression("no name of a namespace", "{key: namespace, operator: In, values: ['*']}", `.values[0]: "*" is no name of a namespace; use lower case letters, digits and -`),
	})
	checkFaults(t, "KubeArmorHostPolicy", []fault{
		{"an odd value for every host", "{nodeSelector: {matchLabels: {'*': a}}" + rules, `spec.nodeSelector.matchLabels["*"]: "a" is no value for it; write "*": "*" for every host`},
		{"any value of a label", "{nodeSelector: {matchLabels: {zone: '*'}}" + rules, `spec.nodeSelector.matchLabels.zone: "*" is no value of a label; ` + goodValue},
	})
}

func TestErrorsCarryTheirLine(t *testing.T) {
	_, err := Parse(strings.NewReader(head+"spec:\n  file:\n    matchPaths:\n    - path: /a\n    - severity: 3\n      path: b\n      fromsource: []\n"), "p.yaml")
	got := map[string]int{}
	for _, e := range err.(Errors) {
		got[e.Field] = e.Line
	}
	if diff := cmp.Diff(map[string]int{"spec.file.matchPaths[1].path": 9, "spec.file.matchPaths[1].fromsource": 10}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
