package explain_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
	"kubearmor.io/policy/explain/elfsample"
)

func link(to string) *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(to)} }

func script(line string) *fstest.MapFile { return &fstest.MapFile{Data: []byte("#!" + line + "\n")} }

// alpine is a root as that of nginx:alpine, as far as the questions go.
func alpine() fstest.MapFS {
	return fstest.MapFS{
		"bin/busybox": {Data: elfsample.Program("/lib/ld-musl-x86_64.so.1", nil, "")},
		"bin/sh":      link("busybox"), "bin/cat": link("/bin/busybox"),
		"lib/ld-musl-x86_64.so.1": {}, "usr/bin/env": link("../../bin/busybox"),
		"usr/sbin/nginx": {Data: elfsample.Program("/lib/ld-musl-x86_64.so.1", nil, "")},
		"entry.sh":       script("/bin/sh -e"), "outer.sh": script(" /entry.sh\tone two "), "loop.sh": script("/loop.sh"),
		"env.sh": script("/usr/bin/env sh"), "bare.sh": script("sh"),
		"var/run": link("/run"), "run/secrets/token": {},
		"etc": {Mode: fs.ModeDir}, "odd": link("/proc/self/root/etc"),
	}
}

func profile(t *testing.T, spec string, opt policy.Options) *policy.Profile {
	t.Helper()
	policies, err := policy.Parse(strings.NewReader(
		"apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p, namespace: demo}\nspec: "+spec), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := explain.NewProfile(policies, opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(t *testing.T, p *policy.Profile, root fs.ReadLinkFS, q explain.Question, words string) explain.Answer {
	t.Helper()
	w := strings.Fields(words)
	asked, err := explain.ParseQuestion(explain.Verb(w[0]), w[1:])
	if err != nil {
		t.Fatal(err)
	}
	asked.Source, asked.Owner, asked.TTY, asked.Args = q.Source, q.Owner, q.TTY, q.Args
	a, err := explain.Ask(p, root, asked)
	if err != nil {
		t.Fatalf("%s: %v", words, err)
	}
	return a
}

func TestAnswersInARoot(t *testing.T) {
	const (
		noShell   = "{process: {matchPaths: [{path: /bin/sh}]}}"
		onlyEntry = "{process: {matchPaths: [{path: /entry.sh, action: Allow}, {path: /usr/sbin/nginx, action: Allow}]}}"
	)
	for name, c := range map[string]struct {
		spec, question string
		with           explain.Question
		want           explain.Verdict
		deciding       string // words of the step that decides
	}{
		"a blocked link is blocked under its name":               {noShell, "exec /bin/sh", explain.Question{}, explain.Block, "/bin/busybox (started as sh)"},
		"its target runs under another name":                     {noShell, "exec /bin/cat", explain.Question{}, explain.Allow, "started as cat"},
		"a script is denied with its interpreter":                {noShell, "exec /entry.sh", explain.Question{}, explain.Block, "/bin/busybox (started as sh, interpreter of /entry.sh)"},
		"an interpreter that is a script counts too":             {noShell, "exec /outer.sh", explain.Question{}, explain.Block, "interpreter of /entry.sh"},
		"env is what runs, not what it is asked for":             {noShell, "exec /env.sh", explain.Question{}, explain.Allow, "/env.sh"},
		"an allowed script needs its interpreter":                {onlyEntry, "exec /entry.sh", explain.Question{}, explain.Block, "interpreter of"},
		"an allowed program needs no loader":                     {onlyEntry, "exec /usr/sbin/nginx", explain.Question{}, explain.Allow, "/usr/sbin/nginx"},
		"a blocked loader blocks the program":                    {"{process: {matchPaths: [{path: /lib/ld-musl-x86_64.so.1}]}}", "exec /usr/sbin/nginx", explain.Question{}, explain.Block, "loader"},
		"links in the asked path are followed":                   {"{file: {matchDirectories: [{dir: /run/secrets/, recursive: true}]}}", "read /var/run/secrets/token", explain.Question{}, explain.Block, "/run/secrets/token"},
		"links in the source are followed":                       {"{file: {matchPaths: [{path: /etc/x, fromSource: [{path: /bin/busybox}]}]}}", "read /etc/x", explain.Question{Source: "/bin/sh"}, explain.Block, ""},
		"the interpreter's arguments hold the script":            {"{process: {matchPaths: [{path: /bin/sh, allowedArgs: ['-e', /entry.sh], action: Allow}, {path: /entry.sh, action: Allow}]}}", "exec /entry.sh", explain.Question{}, explain.Allow, ""},
		"and the script's own arguments":                         {"{process: {matchPaths: [{path: /bin/sh, allowedArgs: ['-e', /entry.sh], action: Allow}, {path: /entry.sh, action: Allow}]}}", "exec /entry.sh", explain.Question{Args: []string{"x"}}, explain.Block, "interpreter of"},
		"a link through the kernel's own link leads to the root": {"{file: {matchPaths: [{path: /etc/shadow}]}}", "read /odd/shadow", explain.Question{}, explain.Block, "/etc/shadow"},
	} {
		t.Run(name, func(t *testing.T) {
			root := alpine()
			a := ask(t, profile(t, c.spec, policy.Options{Root: root}), root, c.with, c.question)
			if a.Verdict() != c.want || !strings.Contains(a.Deciding().About, c.deciding) {
				t.Errorf("%s by %q, want %s by %q", a.Verdict(), a.Deciding().About, c.want, c.deciding)
			}
		})
	}
}

func TestAnswersNoteWhatCannotBeKnown(t *testing.T) {
	root := alpine()
	p := profile(t, "{process: {matchPaths: [{path: /bin/sh}]}}", policy.Options{Root: root})
	for question, note := range map[string]string{
		"exec /nowhere": "is not in the root",
		"exec /bare.sh": "depends on the working directory",
		"exec /loop.sh": "refuses a chain",
		"exec /etc":     "no regular file",
	} {
		a := ask(t, p, root, explain.Question{}, question)
		if len(a.Notes) != 1 || !strings.Contains(a.Notes[0], note) {
			t.Errorf("%s: notes %q, want one with %q", question, a.Notes, note)
		}
	}
}

func TestAnswersAboutProcFollowWhatTheKernelComputes(t *testing.T) {
	allowList := profile(t, "{file: {matchPaths: [{path: /app/data, action: Allow}]}}", policy.Options{})
	shadow := profile(t, "{file: {matchPaths: [{path: /etc/shadow}], matchDirectories: [{dir: /proc/self/, recursive: true, action: Audit}]}}", policy.Options{})
	presets := profile(t, "{presets: [{name: protectProc, action: Block}]}", policy.Options{})
	for _, c := range []struct {
		profile  *policy.Profile
		question string
		source   string
		want     explain.Verdict
	}{
		{allowList, "read /proc/self/environ", "", explain.Allow},
		{allowList, "read /proc/thread-self/comm", "", explain.Allow},
		{allowList, "read /proc/1/environ", "", explain.Block},
		{allowList, "read /proc/self/root/home/x", "", explain.Block},
		{allowList, "read /proc/self/root/app/data", "", explain.Allow},
		{allowList, "read /proc/self/exe", "/app/data", explain.Allow},
		{shadow, "read /proc/self/root/etc/shadow", "", explain.Block},
		{shadow, "read /proc/thread-self/comm", "", explain.Audit},
		{shadow, "read /dev/fd", "", explain.Audit},
		{presets, "read /proc/1/environ", "", explain.Block},
		{presets, "read /proc/self/environ", "", explain.Allow},
		{presets, "read /proc/version", "", explain.Allow},
	} {
		if a := ask(t, c.profile, nil, explain.Question{Source: c.source}, c.question); a.Verdict() != c.want {
			t.Errorf("%s: %s, want %s", c.question, a.Verdict(), c.want)
		}
	}
	for _, path := range []string{"/proc/self/exe", "/proc/self/cwd/x", "/proc/self/fd/3", "/dev/stdin", "/dev/fd/0"} {
		if _, err := explain.Ask(allowList, nil, explain.Question{Verb: explain.Read, Path: path}); err == nil {
			t.Errorf("reading %s is answered, though only the running process knows the file", path)
		}
	}
}

func TestAConnectionNeedsItsSocket(t *testing.T) {
	for name, c := range map[string]struct {
		spec, question string
		want           explain.Verdict
		deciding       string
	}{
		"a blocked socket decides": {"{network: {matchProtocols: [{protocol: udp, action: Allow}], matchEndpoints: [{cidr: 10.0.0.0/8, protocol: tcp, action: Allow}]}}",
			"connect tcp 10.0.0.1:443", explain.Block, "create a socket"},
		"a blocked address decides": {"{network: {matchEndpoints: [{cidr: 10.0.0.0/8, action: Block}]}}",
			"connect tcp 10.0.0.1:443", explain.Block, "connect to 10.0.0.1:443"},
		"an allowed address is what the answer is about": {"{network: {matchEndpoints: [{cidr: 10.0.0.0/8, action: Allow}]}}",
			"connect udp 10.0.0.1:53", explain.Allow, "connect to"},
		"IPv4 written as IPv6 is IPv4": {"{network: {matchEndpoints: [{cidr: 10.0.0.0/8, action: Block}]}}",
			"connect tcp [::ffff:10.0.0.1]:443", explain.Block, "connect"},
		"ingress is bind and accept": {"{network: {matchEndpoints: [{ports: [80], direction: ingress, action: Block}]}}",
			"bind tcp 0.0.0.0:80", explain.Block, "bind"},
		"accepting makes no socket": {"{network: {matchEndpoints: [{ports: [80], direction: ingress, action: Block}]}}",
			"accept tcp 0.0.0.0:80", explain.Block, "accept"},
		"raw is its own protocol":       {"{network: {matchProtocols: [{protocol: icmp, action: Allow}]}}", "net raw", explain.Block, "socket of raw"},
		"packet sockets are raw":        {"{network: {matchProtocols: [{protocol: raw, action: Block}]}}", "net packet", explain.Block, ""},
		"mptcp is tcp":                  {"{network: {matchProtocols: [{protocol: tcp, action: Block}]}}", "net mptcp", explain.Block, ""},
		"icmpv6 is not icmp":            {"{network: {matchProtocols: [{protocol: icmpv6, action: Block}]}}", "net icmp", explain.Allow, ""},
		"unix sockets are not judged":   {"{network: {matchProtocols: [{protocol: all, action: Block}]}}", "net unix", explain.Allow, ""},
		"sctp and udplite have a class": {"{network: {matchProtocols: [{protocol: udp, action: Block}]}}", "net udplite", explain.Block, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, profile(t, c.spec, policy.Options{}), nil, explain.Question{}, c.question)
			if a.Verdict() != c.want || !strings.Contains(a.Deciding().About, c.deciding) {
				t.Errorf("%s by %q, want %s by %q", a.Verdict(), a.Deciding().About, c.want, c.deciding)
			}
		})
	}
}

func TestVerdictsNameModeAndPosture(t *testing.T) {
	audit := profile(t, "{mode: Audit, file: {matchPaths: [{path: /etc/shadow}]}}", policy.Options{})
	if v := ask(t, audit, nil, explain.Question{}, "read /etc/shadow").Verdict(); v != explain.AuditBlock {
		t.Errorf("a policy in mode Audit gives %s", v)
	}
	postures, err := explain.ParsePostures("file=audit,process=block")
	if err != nil {
		t.Fatal(err)
	}
	list := profile(t, "{file: {matchPaths: [{path: /x, action: Allow}]}, process: {matchPaths: [{path: /x, action: Allow}]}}", policy.Options{Postures: postures})
	a := ask(t, list, nil, explain.Question{}, "read /home/x")
	if a.Verdict() != explain.Audit || a.Reason() != "default posture" || a.Rule() != nil {
		t.Errorf("posture audit gives %s by %s", a.Verdict(), a.Reason())
	}
	if v := ask(t, list, nil, explain.Question{}, "exec /home/x").Verdict(); v != explain.Block {
		t.Errorf("posture block of process gives %s", v)
	}
}
