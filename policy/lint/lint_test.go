package lint_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain/elfsample"
	"kubearmor.io/policy/lint"
)

func parse(t *testing.T, objects ...string) []*policy.Policy {
	t.Helper()
	var all []*policy.Policy
	for i, o := range objects {
		p, err := policy.Parse(strings.NewReader("apiVersion: security.kubearmor.com/v1\n"+o), fmt.Sprintf("%d.yaml", i))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p...)
	}
	return all
}

// pod is a policy of namespace demo.
func pod(name, spec string) string {
	return "kind: KubeArmorPolicy\nmetadata: {name: " + name + ", namespace: demo}\nspec: " + spec
}

// found runs the checks and returns what they found as "code level field", but for what the
// enforcer leaves out, which changes from version to version.
func found(t *testing.T, opt lint.Options, objects ...string) []string {
	t.Helper()
	all, err := lint.Check(parse(t, objects...), opt)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, f := range all {
		if f.Message == "" || f.Source == "" || f.Policy.Name == "" {
			t.Errorf("%+v lacks a part", f)
		}
		if f.Code != lint.PartlyCarried && f.Code != lint.NotCarried {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Code, f.Level, strings.TrimPrefix(f.Field, "spec."))))
		}
	}
	return got
}

func TestFindingsOfOnePolicy(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		opt  lint.Options
		want []string
	}{
		"a rule that never decides": {spec: "{process: {matchPaths: [{path: /bin/a, action: Audit}, {path: /bin/a, action: Block}]}}",
			want: []string{"KL001 warning process.matchPaths[0]"}},
		"a rule that stands twice": {spec: "{process: {matchPaths: [{path: /bin/a}, {path: /bin/a}]}}",
			want: []string{"KL001 note process.matchPaths[1]"}},
		"no shadow: the winner asks for a source": {spec: "{process: {matchPaths: [{path: /bin/a, action: Audit}, {path: /bin/a, fromSource: [{path: /bin/b}]}]}}"},
		"a shadow among sources":                  {spec: "{process: {matchPaths: [{path: /bin/a, action: Audit, fromSource: [{path: /opt/b}]}, {path: /bin/a, fromSource: [{dir: /opt/}, {dir: /opt/, recursive: true}]}]}}", want: []string{"KL001 warning process.matchPaths[0]"}},
		"no shadow: the winner asks for a terminal": {
			spec: "{process: {matchPaths: [{path: /bin/a, action: Audit}, {path: /bin/a, pts: true}]}}"},
		"no shadow: the winner is about writing alone": {spec: "{file: {matchPaths: [{path: /a, action: Audit}, {path: /a, readOnly: true}]}}",
			want: []string{"KL016 note file.matchPaths[1]"}},
		"no shadow: a broad rule behind a narrow one": {spec: "{process: {matchPaths: [{path: /bin/a, action: Audit}], matchDirectories: [{dir: /bin/}]}}"},

		"what is to report, in a trial": {spec: "{mode: Audit, process: {matchPaths: [{path: /bin/a, action: Audit}, {path: /bin/b}]}, syscalls: {matchSyscalls: [{syscall: [ptrace]}]}}",
			want: []string{"KL023 warning process.matchPaths[0]", "KL023 warning syscalls.matchSyscalls[0]"}},
		"what is to report": {spec: "{process: {matchPaths: [{path: /bin/a, action: Audit}]}, syscalls: {matchSyscalls: [{syscall: [ptrace]}]}}"},

		"a name that the kernel follows": {spec: "{file: {matchPaths: [{path: /proc/self/exe}, {path: /dev/stdin}]}}",
			want: []string{"KL002 warning file.matchPaths[0]", "KL002 warning file.matchPaths[1]"}},
		"no such name": {spec: "{file: {matchPaths: [{path: /proc/self/maps}, {path: /dev/stdinput}]}}"},

		"an allow-list without libraries": {spec: "{file: {matchDirectories: [{dir: /app/, recursive: true, action: Allow}]}}", opt: lint.Options{NoBaseline: true},
			want: []string{"KL005 warning file"}},
		"libraries by the baseline": {spec: "{file: {matchDirectories: [{dir: /app/, recursive: true, action: Allow}]}}"},
		"libraries by a rule": {spec: "{file: {matchDirectories: [{dir: /usr/lib/, recursive: true, readOnly: true, action: Allow}]}}",
			opt: lint.Options{NoBaseline: true}},
		"libraries for a program alone": {opt: lint.Options{NoBaseline: true},
			spec: "{process: {matchPaths: [{path: /a, action: Allow}]}, file: {matchDirectories: [{dir: /usr/lib/, recursive: true, readOnly: true, fromSource: [{path: /a}], action: Allow}]}}"},
		"no list, no libraries to allow": {spec: "{file: {matchPaths: [{path: /etc/shadow}]}}", opt: lint.Options{NoBaseline: true}},

		"programs from /tmp": {spec: "{process: {matchDirectories: [{dir: /tmp/, action: Allow}]}}", want: []string{"KL006 warning process.matchDirectories[0]"}},
		"programs from everywhere": {spec: "{process: {matchDirectories: [{dir: /, recursive: true, action: Allow}]}}",
			want: []string{"KL006 warning process.matchDirectories[0]"}},
		"programs by a glob that reaches /tmp": {spec: "{process: {matchPatterns: [{pattern: '**/python*', action: Allow}]}}",
			want: []string{"KL006 warning process.matchPatterns[0]"}},
		"programs from everywhere but what is writable": {spec: "{process: {matchDirectories: [{dir: /, recursive: true, action: Allow}," +
			" {dir: /tmp/, recursive: true}, {dir: /var/tmp/, recursive: true}, {dir: /dev/shm/, recursive: true}]}}"},
		"programs from where a file rule lets write": {spec: "{process: {matchDirectories: [{dir: /app/, recursive: true, action: Allow}]}, file: {matchDirectories: [{dir: /app/plugins/, action: Allow}]}}",
			want: []string{"KL006 warning process.matchDirectories[0]"}},
		"programs below where a file rule lets write": {spec: "{process: {matchDirectories: [{dir: /app/bin/, action: Allow}]}, file: {matchDirectories: [{dir: /app/, recursive: true, action: Allow}]}}",
			want: []string{"KL006 warning process.matchDirectories[0]"}},
		"programs from where a file rule lets read": {
			spec: "{process: {matchDirectories: [{dir: /app/, recursive: true, action: Allow}]}, file: {matchDirectories: [{dir: /app/, recursive: true, readOnly: true, action: Allow}]}}"},
		"programs by exact path, which makes them read-only": {
			spec: "{process: {matchPaths: [{path: /app/a, action: Allow}]}, file: {matchDirectories: [{dir: /app/, recursive: true, action: Allow}]}}"},

		"what nothing enforces": {spec: "{network: {matchDNSQueries: [{domain: example.com}]}}", want: []string{"KL010 warning network.matchDNSQueries"}},
		"an empty section":      {spec: "{process: , file: {matchPaths: [{path: /a}]}}", want: []string{"KL011 warning"}},

		"a source that may not start": {spec: "{process: {matchPaths: [{path: /bin/b, action: Allow}]}, file: {matchPaths: [{path: /x, fromSource: [{path: /bin/a}]}]}}",
			want: []string{"KL013 warning file.matchPaths[0]"}},
		"a source that is blocked": {spec: "{process: {matchPaths: [{path: /bin/a}]}, file: {matchPaths: [{path: /x, fromSource: [{path: /bin/a}]}]}}",
			want: []string{"KL013 warning file.matchPaths[0]"}},
		"a source that starts": {spec: "{process: {matchPaths: [{path: /bin/a, action: Allow}]}, file: {matchPaths: [{path: /x, fromSource: [{path: /bin/a}]}]}}"},
		"a source that starts with some arguments": {
			spec: "{process: {matchPaths: [{path: /bin/a, allowedArgs: [x], fromSource: [{path: /bin/b}], action: Allow}, {path: /bin/b, action: Allow}]}, file: {matchPaths: [{path: /x, fromSource: [{path: /bin/a}]}]}}"},

		"a network allow-list without udp": {spec: "{network: {matchProtocols: [{protocol: tcp, action: Allow}]}}", want: []string{"KL015 note network"}},
		"one with udp":                     {spec: "{network: {matchProtocols: [{protocol: udp, action: Allow}]}}"},
		"icmp without raw":                 {spec: "{network: {matchProtocols: [{protocol: udp, action: Allow}, {protocol: icmp, action: Allow}]}}", want: []string{"KL017 note network.matchProtocols[1]"}},
		"icmp with raw":                    {spec: "{network: {matchProtocols: [{protocol: udp, action: Allow}, {protocol: icmp, action: Allow}, {protocol: raw, action: Allow}]}}"},

		"Block with readOnly":  {spec: "{file: {matchPaths: [{path: /a, readOnly: true}]}}", want: []string{"KL016 note file.matchPaths[0]"}},
		"Block with ownerOnly": {spec: "{file: {matchPaths: [{path: /a, ownerOnly: true}]}}", want: []string{"KL016 note file.matchPaths[0]"}},
		"Allow with readOnly":  {spec: "{file: {matchPaths: [{path: /a, readOnly: true, action: Allow}]}}"},

		"nginx without its pid file": {spec: "{process: {matchPaths: [{path: /usr/sbin/nginx, action: Allow}]}, file: {matchPaths: [{path: /etc/x, action: Allow}]}}",
			want: []string{"KL018 warning process.matchPaths[0]"}},
		"nginx with it": {spec: "{process: {matchPaths: [{path: /usr/sbin/nginx, action: Allow}]}, file: {matchPaths: [{path: /run/nginx.pid, action: Allow}]}}"},
		"nginx with it, by the old name": {
			spec: "{process: {matchPaths: [{path: /usr/sbin/nginx, action: Allow}]}, file: {matchPaths: [{path: /var/run/nginx.pid, action: Allow}]}}"},
		"nginx without a file list": {spec: "{process: {matchPaths: [{path: /usr/sbin/nginx, action: Allow}]}}"},
		"postgres by a glob": {spec: "{process: {matchPaths: [{path: /usr/lib/postgresql/*/bin/postgres, action: Allow}]}, file: {matchDirectories: [{dir: /var/lib/postgresql/, recursive: true, action: Allow}]}}",
			want: []string{"KL018 warning process.matchPaths[0]"}},
		"pg_ctl and its shell": {spec: "{process: {matchPaths: [{path: /usr/lib/postgresql/16/bin/pg_ctl, action: Allow}]}}",
			want: []string{"KL018 warning process.matchPaths[0]"}},
		"pg_ctl with a shell of its own": {
			spec: "{process: {matchPaths: [{path: /usr/lib/postgresql/16/bin/pg_ctl, action: Allow}, {path: /bin/sh, action: Allow, fromSource: [{path: /usr/lib/postgresql/16/bin/pg_ctl}]}]}}"},
		"node without openssl.cnf": {spec: "{process: {matchPaths: [{path: /usr/local/bin/node, action: Allow}]}, file: {matchDirectories: [{dir: /lib/, recursive: true, action: Allow}]}}",
			opt: lint.Options{NoBaseline: true}, want: []string{"KL018 warning process.matchPaths[0]"}},

		"an entrypoint that is denied": {spec: "{process: {matchPaths: [{path: /bin/a, action: Allow}]}}", opt: lint.Options{Entrypoint: []string{"/bin/b"}},
			want: []string{"KL009 warning process"}},
		"an entrypoint that starts": {spec: "{process: {matchPaths: [{path: /bin/a, action: Allow}]}}", opt: lint.Options{Entrypoint: []string{"/bin/a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == nil {
				c.want = []string{}
			}
			if diff := cmp.Diff(c.want, found(t, c.opt, pod("p", c.spec))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func link(to string) *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(to)} }

func program(libraries ...string) *fstest.MapFile {
	return &fstest.MapFile{Data: elfsample.Program("/lib/ld-musl-x86_64.so.1", libraries, "$ORIGIN/../private")}
}

func TestFindingsInARoot(t *testing.T) {
	root := fstest.MapFS{
		"bin/busybox": {}, "bin/sh": link("busybox"), "bin/cat": link("busybox"), "usr/bin/vi": link("/bin/vim"), "bin/vim": {},
		"many/tool": {}, "bin/t1": link("../many/tool"), "bin/t2": link("../many/tool"), "bin/t3": link("../many/tool"),
		"bin/t4": link("../many/tool"), "bin/t5": link("../many/tool"), "bin/t6": link("../many/tool"),
		"var/run": link("../run"), "run/app/x": {}, "etc/alias": link("real"), "etc/real": {}, "tmp": link("scratch"), "scratch": {Mode: fs.ModeDir},
		"entry.sh": {Data: []byte("#!/bin/sh\n")}, "docker-entrypoint.sh": {Data: []byte("#!/bin/sh\n")},
		"app/bin/server": program("liba.so.1", "libc.so.6"), "app/private/liba.so.1": program("libb.so.2"), "usr/lib/libb.so.2": program(), "usr/lib/libc.so.6": program("ld-musl-x86_64.so.1"), "lib/ld-musl-x86_64.so.1": {},
	}
	for name, c := range map[string]struct {
		spec string
		opt  lint.Options
		want []string
	}{
		"a program's link":                                     {spec: "{process: {matchPaths: [{path: /usr/bin/vi}]}}", want: []string{"KL003 warning process.matchPaths[0]"}},
		"a file's link":                                        {spec: "{file: {matchPaths: [{path: /etc/alias}]}}", want: []string{"KL003 warning file.matchPaths[0]"}},
		"a path behind a link":                                 {spec: "{file: {matchDirectories: [{dir: /var/run/app/}]}}", want: []string{"KL003 note file.matchDirectories[0]"}},
		"no link":                                              {spec: "{process: {matchPaths: [{path: /bin/vim}]}, file: {matchPaths: [{path: /etc/real}]}}"},
		"a link to many programs, known":                       {spec: "{process: {matchPaths: [{path: /bin/sh}]}}", want: []string{"KL004 warning process.matchPaths[0]", "KL009 note process.matchPaths[0]"}},
		"a link to many programs, counted":                     {spec: "{process: {matchPaths: [{path: /bin/t1, action: Audit}]}}", want: []string{"KL004 warning process.matchPaths[0]"}},
		"two rules that links make one":                        {spec: "{file: {matchPaths: [{path: /etc/alias, action: Audit}, {path: /etc/real}]}}", want: []string{"KL001 warning file.matchPaths[0]", "KL003 warning file.matchPaths[0]"}},
		"a path that is a directory":                           {spec: "{file: {matchPaths: [{path: /run/app}]}}", want: []string{"KL002 warning file.matchPaths[0]"}},
		"a directory that is a file":                           {spec: "{file: {matchDirectories: [{dir: /etc/real/}]}}", want: []string{"KL002 warning file.matchDirectories[0]"}},
		"an allowed program that isn't there":                  {spec: "{process: {matchPaths: [{path: /bin/vim, action: Allow}, {path: /bin/none, action: Allow}, {path: /entry.sh, action: Allow}, {path: /bin/sh, action: Allow}, {path: /docker-entrypoint.sh, action: Allow}]}}", want: []string{"KL002 note process.matchPaths[1]", "KL003 warning process.matchPaths[3]"}},
		"a blocked program that isn't there":                   {spec: "{process: {matchPaths: [{path: /bin/none}]}}"},
		"a script without its interpreter":                     {spec: "{process: {matchPaths: [{path: /entry.sh, action: Allow}]}}", want: []string{"KL008 warning process.matchPaths[0]", "KL009 note process"}},
		"an entrypoint whose interpreter isn't":                {spec: "{process: {matchPaths: [{path: /bin/sh}]}}", opt: lint.Options{Entrypoint: []string{"/entry.sh"}}, want: []string{"KL004 warning process.matchPaths[0]", "KL009 warning process.matchPaths[0]"}},
		"a source that is a script":                            {spec: "{file: {matchPaths: [{path: /etc/real, fromSource: [{path: /entry.sh}]}]}}", want: []string{"KL014 warning file.matchPaths[0]"}},
		"programs from where /tmp leads":                       {spec: "{process: {matchDirectories: [{dir: /scratch/, action: Allow}, {dir: /bin/, action: Allow}], matchPaths: [{path: /docker-entrypoint.sh, action: Allow}]}}", want: []string{"KL006 warning process.matchDirectories[0]"}},
		"libraries of libraries that are missing":              {spec: "{process: {matchPaths: [{path: /app/bin/server, action: Allow}]}, file: {matchPaths: [{path: /app/private/liba.so.1, action: Allow}, {path: /usr/lib/libc.so.6, action: Allow}]}}", opt: lint.Options{NoBaseline: true, Entrypoint: []string{"/app/bin/server"}}, want: []string{"KL005 warning file"}},
		"a library of its own that is missing":                 {spec: "{process: {matchPaths: [{path: /app/bin/server, action: Allow}]}, file: {matchPaths: [{path: /etc/real, action: Allow}]}}", opt: lint.Options{Entrypoint: []string{"/app/bin/server"}}, want: []string{"KL005 warning file"}},
		"all libraries, the loader being no file that is read": {spec: "{process: {matchPaths: [{path: /app/bin/server, action: Allow}]}, file: {matchDirectories: [{dir: /app/private/, action: Allow}, {dir: /usr/lib/, action: Allow}]}}", opt: lint.Options{NoBaseline: true, Entrypoint: []string{"/app/bin/server"}}},
		"all libraries":                                        {spec: "{process: {matchPaths: [{path: /app/bin/server, action: Allow}]}, file: {matchDirectories: [{dir: /app/private/, action: Allow}]}}", opt: lint.Options{Entrypoint: []string{"/app/bin/server"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Root = root
			if c.want == nil {
				c.want = []string{}
			}
			if diff := cmp.Diff(c.want, found(t, c.opt, pod("p", c.spec))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestFindingsAcrossPolicies(t *testing.T) {
	cluster := func(selector, spec string) string {
		return "kind: KubeArmorClusterPolicy\nmetadata: {name: c}\nspec: {selector: " + selector + ", " + spec + "}"
	}
	list := func(name, app, path string) string {
		return pod(name, "{selector: {matchLabels: {app: "+app+"}}, process: {matchPaths: [{path: "+path+", action: Allow}]}}")
	}
	for name, c := range map[string]struct {
		objects []string
		opt     lint.Options
		want    []string
	}{
		"a Block kills an Allow": {objects: []string{list("a", "x", "/usr/bin/python3"), cluster("{}", "process: {matchPatterns: [{pattern: '**/python*'}]}")},
			want: []string{"KL007 warning process.matchPaths[0]"}},
		"of a directory, too": {objects: []string{
			pod("a", "{file: {matchDirectories: [{dir: /data/, action: Allow}]}}"), cluster("{}", "file: {matchDirectories: [{dir: /data/, recursive: true, readOnly: true}]}")},
			want: []string{"KL007 warning file.matchDirectories[0]", "KL016 note file.matchDirectories[0]"}},
		"of a protocol and a capability, too": {objects: []string{
			pod("a", "{network: {matchProtocols: [{protocol: udp, action: Allow}]}, capabilities: {matchCapabilities: [{capability: net_raw, action: Allow}]}}"),
			cluster("{}", "network: {matchProtocols: [{protocol: udp}]}, capabilities: {matchCapabilities: [{capability: net_raw}]}")},
			want: []string{"KL007 warning capabilities.matchCapabilities[0]", "KL007 warning network.matchProtocols[0]", "KL015 note network"}},
		"not where they never meet":    {objects: []string{list("a", "x", "/usr/bin/python3"), cluster("{matchLabels: {app: y}}", "process: {matchPatterns: [{pattern: '**/python*'}]}")}},
		"not where it is only audited": {objects: []string{list("a", "x", "/usr/bin/python3"), cluster("{}", "mode: Audit, process: {matchPatterns: [{pattern: '**/python*'}]}")}},

		"allow-lists add up": {objects: []string{list("a", "x", "/bin/a"), list("b", "x", "/bin/b")}, opt: lint.Options{Entrypoint: []string{"/bin/b"}}},
		"but not those of other pods": {objects: []string{list("a", "x", "/bin/a"), list("b", "y", "/bin/b")}, opt: lint.Options{Entrypoint: []string{"/bin/b"}},
			want: []string{"KL009 warning process"}},

		"one name twice": {objects: []string{list("a", "x", "/bin/a"), list("a", "x", "/bin/a")}, want: []string{"KL019 warning"}},
		"a host policy that names what is protected": {objects: []string{"kind: KubeArmorHostPolicy\nmetadata: {name: h}\nspec: {process: {matchPaths: [{path: /usr/sbin/sshd}]}}"},
			want: []string{"KL012 warning"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == nil {
				c.want = []string{}
			}
			if diff := cmp.Diff(c.want, found(t, c.opt, c.objects...)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestTheEnforcerIsAskedWhatItCarriesOut(t *testing.T) {
	policies := parse(t, pod("p", "{process: {matchPaths: [{path: /bin/sh}]}}"))
	all, err := lint.Check(policies, lint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.NewProfile(policies, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range policy.Supports(p, policy.BPF()) {
		if !slices.ContainsFunc(all, func(f lint.Finding) bool { return strings.Contains(f.Message, u.Reason) }) {
			t.Errorf("%s is not carried out, and nothing says so: %s", u.Field, u.Reason)
		}
	}
}

func TestEveryCodeHasAMeaning(t *testing.T) {
	for i, m := range lint.Codes() {
		if want := lint.Code(fmt.Sprintf("KL%03d", i+1)); m.Code != want || m.Text == "" {
			t.Errorf("code %s is %+v", want, m)
		}
	}
}

func TestPoliciesThatAreTooComplexTogetherAreFound(t *testing.T) {
	var objects []string
	for p := range 6 {
		var rules []string
		for i := p * 10; i < p*10+10; i++ {
			rules = append(rules, fmt.Sprintf("{pattern: '/**/%c*%c*/**/*%d*/**'}", 'a'+i%26, 'b'+i%25, i))
		}
		objects = append(objects, pod(fmt.Sprint("p", p), "{file: {matchPatterns: ["+strings.Join(rules, ", ")+"]}}"))
	}
	if got := found(t, lint.Options{}, objects...); !slices.Contains(got, "KL022 warning") {
		t.Errorf("found %q, want KL022", got)
	}
	if got := found(t, lint.Options{}, pod("p", "{file: {matchPatterns: [{pattern: '**/*.key'}]}}")); len(got) != 0 {
		t.Errorf("found %q in a simple policy", got)
	}
}
