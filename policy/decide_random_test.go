package policy

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"path"
	"strings"
	"testing/fstest"
)

// source makes policies and operations over a small tree, so that they meet often. It
// covers all that Decide knows; package random covers what the enforcers carry out.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 11))} }

func pick[T any](s source, from []T) T { return from[s.IntN(len(from))] }

func (s source) chance(percent int) bool { return s.IntN(100) < percent }

func rootLinks() map[string]string {
	return map[string]string{"/bin": "usr/bin", "/usr/bin/sh": "busybox", "/opt/cur": "../opt/v1", "/var/run": "/run", "/opt/tool": "/usr/bin/app"}
}

func randomRoot() fs.ReadLinkFS {
	m := fstest.MapFS{"usr/bin/busybox": {}, "usr/bin/app": {}, "opt/v1/x": {}}
	for name, target := range rootLinks() {
		m[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(target)}
	}
	return m
}

// treeNames are names as operations have them: without links.
func treeNames() []string {
	return []string{"/usr/bin/busybox", "/usr/bin/app", "/usr/bin/sh", "/opt/v1/x", "/opt/v1/app", "/opt/v2/x", "/run/x.pid",
		"/tmp/a", "/tmp/app", "/tmp/d/a", "/tmp/d/x", "/x", "/opt/tool", "/usr/lib/l.so", "/dev/null", "/proc/7/environ"}
}

func treeDirs() []string {
	return []string{"/", "/usr", "/usr/bin", "/opt", "/opt/v1", "/opt/v2", "/run", "/tmp", "/tmp/d"}
}

// suffixes are what may lie below a directory of the tree.
func suffixes() []string {
	return []string{"a", "x", "app", "sh", "busybox", "x.pid", "v1/x", "v1/app", "v2/x", "d/a", "d/x", "bin/app", "bin/sh", "bin/busybox", "lib/l.so", "tool"}
}

func (s source) matcher(c Category) Matcher {
	written := []string{"/bin/sh", "/bin/app", "/bin/busybox", "/opt/cur/x", "/var/run/x.pid", "/opt/tool", "/none/x"}
	globs := []string{"/bin/*", "**/app", "**", "/opt/*/x", "/{opt,tmp}/**", "/{bin,tmp}/a*", "/tmp/?", "/opt/v[12]/*", "/opt/v[^2]/*", "/var/run/*.pid", "/**/x", "/tmp/{a,d/a}"}
	switch c {
	case Network:
		if s.chance(50) {
			return Matcher{Kind: MatchEndpoint, Endpoint: s.endpoint()}
		}
		return Matcher{Kind: MatchProtocol, Protocol: pick(s, Protocols())}
	case Capabilities:
		return Matcher{Kind: MatchCapability, Capability: Capability(s.IntN(3))}
	}
	switch n := s.IntN(100); {
	case n < 35:
		return Matcher{Kind: MatchPath, Path: pick(s, append(treeNames(), written...))}
	case n < 65:
		return Matcher{Kind: MatchDir, Path: pick(s, append(treeDirs(), "/bin", "/opt/cur", "/var/run")), Recursive: s.chance(60)}
	case n < 75 && c == Process:
		return Matcher{Kind: MatchExecName, Name: pick(s, []string{"sh", "app", "x", "busybox"})}
	}
	return Matcher{Kind: MatchGlob, Path: pick(s, globs)}
}

func (s source) endpoint() *Endpoint {
	e := &Endpoint{Protocol: pick(s, []Protocol{"", ProtoTCP, ProtoUDP, ProtoSCTP}), Direction: Direction(s.IntN(2))}
	if s.chance(70) {
		e.CIDR = netip.MustParsePrefix(pick(s, []string{"10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32"}))
	}
	if s.chance(40) {
		e.Ports = []PortRange{{80, 80}, {8000, 8999}}
	}
	return e
}

func (s source) sources() []Source {
	return pick(s, [][]Source{{{Path: "/bin/app"}}, {{Path: "/bin/sh"}}, {{Dir: "/opt", Recursive: true}}, {{Dir: "/bin"}, {Path: "/x"}}})
}

func (s source) rule(actions []Action) Rule {
	if s.chance(6) && actions[0] != Allow {
		names := []PresetName{PresetProtectEnv, PresetProtectProc, PresetExec, PresetFilelessExec, PresetAnonymousMapExec}
		name := pick(s, names)
		c, _ := presetCategory(name)
		return Rule{Category: c, Match: Matcher{Kind: MatchPreset, Preset: name}, Action: actions[0]}
	}
	c := pick(s, []Category{Process, Process, Process, File, File, File, Network, Network, Capabilities})
	r := Rule{Category: c, Match: s.matcher(c), Action: pick(s, actions), PTS: s.chance(8)}
	r.ReadOnly = c == File && s.chance(20)
	r.OwnerOnly = (c == File || c == Process) && s.chance(12)
	if c == Process && s.chance(8) {
		r.AllowedArgs = []string{"-v"}
	}
	if s.chance(15) {
		r.FromSource = s.sources()
	}
	return r
}

func (s source) policy(name string, actions ...Action) *Policy {
	p := &Policy{Ref: Ref{Kind: Kind(s.IntN(2)), Name: name}}
	if p.Kind == KindPolicy {
		p.Namespace = pick(s, []string{"a", "b"})
	}
	for i := range 1 + s.IntN(6) {
		r := s.rule(actions)
		r.Field = fmt.Sprintf("spec.rules[%d]", i)
		p.Rules = append(p.Rules, r)
	}
	return p
}

func (s source) policies() []*Policy {
	var all []*Policy
	for i := range 1 + s.IntN(4) {
		p := s.policy(fmt.Sprint("p", i), Block, Audit, Allow)
		if s.chance(20) {
			p.Mode = ModeAudit
		}
		all = append(all, p)
	}
	return all
}

func (s source) options() Options {
	o := Options{Host: s.chance(10), NoBaseline: s.chance(85), Audited: s.chance(4), Root: randomRoot()}
	for c := range o.Postures {
		o.Postures[c] = Posture(s.IntN(10) / 7)
	}
	return o
}

// names returns the names of an ordinary file, and now and then of a special one.
func (s source) names() Names {
	n := Name(pick(s, treeNames()))
	switch r := s.IntN(100); {
	case r < 4:
		return Names{}
	case r < 8:
		return Names{Seen: n.Origin, Deleted: true}
	case r < 11:
		return Names{Seen: n.Origin}
	case r < 14:
		return Names{Seen: []string{"/tmp/d/long/long/long"}, Cut: true}
	case r < 22:
		n.Seen = []string{pick(s, treeNames())}
	case r < 26:
		return Names{Origin: []string{"/proc/7/maps", "/proc/self/maps"}}
	}
	return n
}

func (s source) operation() Operation {
	op := Operation{Kind: pick(s, []OpKind{OpExec, OpExec, OpExec, OpLoader, OpMapExec, OpAnonExec, OpRead, OpRead, OpWrite, OpWrite, OpWrite,
		OpSocket, OpSocket, OpConnect, OpBind, OpAccept, OpCapability}), Owner: s.chance(50), TTY: s.chance(50), Source: s.names()}
	switch op.Kind.Category() {
	case Process:
		op.Names, op.ByHandle, op.NotFile = s.names(), s.chance(3), s.chance(3)
		op.Entered, op.ByDescriptor, op.ArgsUnreadable = s.chance(10), s.chance(15), s.chance(5)
		op.StartedBy = pick(s, []string{"sh", "app", "x", "tool"})
		if s.chance(60) && len(op.Names.Origin) > 0 {
			op.StartedBy = path.Base(op.Names.Origin[0])
		}
		op.Args = pick(s, [][]string{nil, {"-v"}, {"-v", "-x"}})
	case File:
		op.Names, op.ByHandle, op.NotFile, op.SetUp, op.OtherTask = s.names(), s.chance(3), s.chance(3), s.chance(3), s.chance(8)
	case Network:
		op.Family, op.SockType = pick(s, []int{1, 2, 2, 2, 2, 10, 10, 16, 17, 40, 43}), pick(s, []int{1, 1, 2, 2, 3, 5})
		op.Protocol = pick(s, []int{0, 0, 0, 0, 1, 6, 17, 58, 115, 132, 136, 255, 256, 262})
		op.SetUp = s.chance(3)
		if op.Family == 2 || op.Family == 10 || op.Family == 43 {
			op.Address = netip.MustParseAddrPort(pick(s, []string{"10.0.0.1:80", "10.1.1.1:8080", "[::ffff:10.0.0.1]:81", "[2001:db8::1]:80", "192.0.2.1:9999"}))
		}
	case Capabilities:
		op.Capability, op.Silent, op.SetUp = Capability(s.IntN(4)), s.chance(20), s.chance(3)
	}
	if op.Kind == OpWrite {
		s.change(&op)
	}
	return op
}

func (s source) change(op *Operation) {
	op.Change = Change(s.IntN(6))
	if op.Change != ChangeRename && op.Change != ChangeExchange && op.Change != ChangeLink {
		return
	}
	op.To = s.names()
	if op.Change != ChangeLink && s.chance(30) {
		op.Dir = true
		op.Names, op.To = Name(pick(s, treeDirs()[1:])), Name(pick(s, append(treeDirs()[1:], "/tmp/new")))
	}
}
