package random

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"kubearmor.io/policy"
)

// Source makes policies and operations. It is not safe for concurrent use.
type Source struct{ r *rand.Rand }

// New returns a source that yields the same sequence for the same seed.
func New(seed uint64) *Source { return &Source{rand.New(rand.NewPCG(seed, 7))} }

var (
	components = []string{"usr", "bin", "etc", "app", "proc", "self", "12", "345", "environ", "nginx", "a", "ab", "abc", "é", "conf.d"}
	programs   = []string{"sh", "bash", "python3", "nginx", "busybox"}
	wildcards  = []string{"*", "**", "?", "[a-c]", "[^a]", "{usr,bin}", "a*", "*n", "{a,ab}c", "py**"}
)

func pick[T any](s *Source, from []T) T { return from[s.r.IntN(len(from))] }

func (s *Source) chance(percent int) bool { return s.r.IntN(100) < percent }

// Name returns an absolute name.
func (s *Source) Name() string {
	var b strings.Builder
	for range 1 + s.r.IntN(4) {
		b.WriteByte('/')
		switch n := s.r.IntN(100); {
		case n < 25:
			b.WriteString(pick(s, programs))
		case n < 28:
			b.WriteString("x\xff") // names are bytes
		default:
			b.WriteString(pick(s, components))
		}
	}
	return b.String()
}

func (s *Source) pattern() string {
	var b strings.Builder
	if s.chance(30) {
		b.WriteString("**")
	}
	for range 1 + s.r.IntN(3) {
		b.WriteByte('/')
		if s.chance(50) {
			b.WriteString(pick(s, wildcards))
		} else {
			b.WriteString(pick(s, components))
		}
	}
	return b.String()
}

func (s *Source) matcher(c policy.Category) policy.Matcher {
	switch c {
	case policy.Network:
		if s.chance(60) {
			return policy.Matcher{Kind: policy.MatchEndpoint, Endpoint: s.endpoint()}
		}
		return policy.Matcher{Kind: policy.MatchProtocol, Protocol: pick(s, policy.Protocols())}
	case policy.Capabilities:
		return policy.Matcher{Kind: policy.MatchCapability, Capability: policy.Capability(s.r.IntN(policy.NumCapabilities))}
	case policy.Syscalls:
		return policy.Matcher{Kind: policy.MatchSyscall, Syscalls: s.syscalls()}
	}
	switch n := s.r.IntN(100); {
	case n < 35:
		return policy.Matcher{Kind: policy.MatchPath, Path: s.Name()}
	case n < 70:
		dir := s.Name()
		if s.chance(15) {
			dir = "/"
		}
		return policy.Matcher{Kind: policy.MatchDir, Path: dir, Recursive: s.chance(60)}
	case n < 80 && c == policy.Process:
		return policy.Matcher{Kind: policy.MatchExecName, Name: pick(s, programs)}
	}
	return policy.Matcher{Kind: policy.MatchGlob, Path: s.pattern()}
}

var (
	prefixes = []string{"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/23", "10.1.2.3/32", "10.1.2.4/32", "127.0.0.0/8",
		"::/0", "2001:db8::/32", "2001:db8::/61", "2001:db8::1/128", "::1/128", "::/96"}
	addresses = []string{"0.0.0.0", "10.0.0.1", "10.1.2.3", "10.1.2.4", "10.1.3.3", "127.0.0.1", "192.0.2.1", "::ffff:10.1.2.3",
		"::ffff:0.0.0.0", "::", "::1", "::10.1.2.3", "2001:db8::1", "2001:db8::7", "2001:db8:0:9::1", "fe80::1%3"}
	arguments = []string{"", "-v", "-c", "-c x", "--x=/a/b", "/", "//", "ÿ"}
	// No program of the tests makes these by chance. The last one is none of x86-64.
	syscalls = []string{"getpgid", "sysinfo", "ptrace", "mount", "shmdt", "chown", "fstatat"}
	ports    = []uint16{0, 1, 22, 79, 80, 81, 255, 256, 443, 8000, 8191, 8192, 8999, 9000, 65535}
)

func (s *Source) endpoint() *policy.Endpoint {
	e := &policy.Endpoint{Direction: policy.Direction(s.r.IntN(2)), Protocol: pick(s, []policy.Protocol{"", policy.ProtoTCP, policy.ProtoUDP, policy.ProtoSCTP})}
	if s.chance(80) {
		e.CIDR = netip.MustParsePrefix(pick(s, prefixes))
	}
	if s.chance(60) {
		for range 1 + s.r.IntN(3) {
			first, last := pick(s, ports[1:]), pick(s, ports[1:])
			if s.chance(60) {
				last = first
			}
			e.Ports = append(e.Ports, policy.PortRange{First: min(first, last), Last: max(first, last)})
		}
	}
	return e
}

// socket fills in the socket of an operation, and the endpoint where it has one.
func (s *Source) socket(op *policy.Operation) {
	op.Family = pick(s, []int{1, 2, 2, 2, 10, 10, 16, 17, 40, 43, 44})
	op.SockType = pick(s, []int{1, 2, 3, 5})
	op.Protocol = pick(s, []int{0, 0, 1, 6, 17, 58, 132, 136, 255, 256, 262})
	if op.Kind != policy.OpSocket && (op.Family == 2 || op.Family == 10 || op.Family == 43) {
		op.Address = netip.AddrPortFrom(netip.MustParseAddr(pick(s, addresses)), pick(s, ports))
	}
}

// Rule returns a rule of a category, of those the BPF enforcer carries out.
func (s *Source) Rule(c policy.Category) policy.Rule {
	if (c == policy.File || c == policy.Process) && s.chance(12) {
		return s.preset(c)
	}
	r := policy.Rule{Category: c, Match: s.matcher(c), Action: policy.Action(s.r.IntN(3)), PTS: s.chance(8)}
	if c == policy.Syscalls {
		r.Action, r.PTS = policy.Audit, false
	}
	if c == policy.File {
		r.ReadOnly = s.chance(25)
	}
	if c == policy.File || c == policy.Process {
		r.OwnerOnly = s.chance(12)
	}
	if s.chance(20) {
		r.FromSource = s.sources()
	}
	if c == policy.Process && s.chance(20) {
		r.AllowedArgs = s.arguments()
	}
	return r
}

// syscalls returns names of system calls, of which x86-64 has at least one.
func (s *Source) syscalls() []string {
	names := []string{pick(s, syscalls[:len(syscalls)-1])}
	for range s.r.IntN(3) {
		names = append(names, pick(s, syscalls))
	}
	return names
}

// arguments returns a list of arguments, in some order; there are few, so that lists overlap.
func (s *Source) arguments() []string {
	list := []string{}
	for range s.r.IntN(4) {
		list = append(list, pick(s, arguments))
	}
	return list
}

// sources returns a list of programs; there are few, so that rules share some.
func (s *Source) sources() []policy.Source {
	var list []policy.Source
	for range 1 + s.r.IntN(3) {
		list = append(list, pick(s, []policy.Source{
			{Path: "/usr/bin/nginx"}, {Path: "/usr/bin/sh"}, {Path: "/a"}, {Path: "/usr/bin"}, {Dir: "/usr/bin"},
			{Dir: "/usr"}, {Dir: "/usr", Recursive: true}, {Dir: "/"}, {Dir: "/", Recursive: true}, {Path: "/usr/bin/a/b"},
		}))
	}
	return list
}

// Program returns the names of a caller's program: of one without, of one that was deleted
// when it was executed, or of an ordinary one.
func (s *Source) Program() policy.Names {
	name := pick(s, []string{"/usr/bin/nginx", "/usr/bin/sh", "/a", "/usr", "/usr/bin", "/usr/bin/a/b", "/usr/x", "/opt/y", "/usr/bin/nginx2"})
	switch n := s.r.IntN(100); {
	case n < 8:
		return policy.Names{}
	case n < 20:
		return policy.Names{Seen: []string{name}, Deleted: true}
	}
	return policy.Name(name)
}

// preset returns a rule that is a preset; those forbid or report.
func (s *Source) preset(c policy.Category) policy.Rule {
	names := []policy.PresetName{policy.PresetExec, policy.PresetFilelessExec, policy.PresetAnonymousMapExec}
	if c == policy.File {
		names = []policy.PresetName{policy.PresetProtectEnv, policy.PresetProtectProc}
	}
	return policy.Rule{Category: c, Match: policy.Matcher{Kind: policy.MatchPreset, Preset: pick(s, names)}, Action: policy.Action(s.r.IntN(2))}
}

// Policies returns up to four policies of all categories.
func (s *Source) Policies() []*policy.Policy {
	var out []*policy.Policy
	for i := range 1 + s.r.IntN(4) {
		p := &policy.Policy{Ref: policy.Ref{Kind: policy.Kind(s.r.IntN(2)), Namespace: "default", Name: fmt.Sprint("p", i)}}
		if s.chance(15) {
			p.Mode = policy.ModeAudit
		}
		for range 1 + s.r.IntN(6) {
			p.Rules = append(p.Rules, s.Rule(policy.Category(s.r.IntN(policy.NumCategories))))
		}
		for r := range p.Rules {
			p.Rules[r].Field = fmt.Sprintf("spec.rules[%d]", r)
		}
		out = append(out, p)
	}
	return out
}

// Options returns options without a root.
func (s *Source) Options() policy.Options {
	o := policy.Options{NoBaseline: s.chance(50), Host: s.chance(15), Audited: s.chance(5)}
	for c := range o.Postures {
		if s.chance(30) {
			o.Postures[c] = policy.PostureAudit
		}
	}
	return o
}

// Operation returns an operation of the kinds that the BPF enforcer judges.
func (s *Source) Operation() policy.Operation {
	op := policy.Operation{Owner: s.chance(50), TTY: s.chance(50), Source: s.Program()}
	switch s.r.IntN(10) {
	case 0:
		op.Kind = policy.OpExec
		op.Entered = s.chance(20)
		op.StartedBy, op.ByDescriptor = pick(s, programs), s.chance(15)
		op.Args, op.ArgsUnreadable = s.arguments(), s.chance(5)
	case 1:
		op.Kind = policy.OpRead
	case 2:
		op.Kind = policy.OpWrite
	case 3:
		op.Kind = policy.OpSocket
		s.socket(&op)
	case 5, 6:
		op.Kind = pick(s, []policy.OpKind{policy.OpConnect, policy.OpConnect, policy.OpBind, policy.OpAccept})
		s.socket(&op)
	case 7:
		op.Kind = pick(s, []policy.OpKind{policy.OpMapExec, policy.OpMapExec, policy.OpLoader})
	case 8:
		op.Kind = policy.OpAnonExec
	case 9:
		op.Kind = policy.OpSyscall
		op.Syscall = pick(s, syscalls[:len(syscalls)-1])
	case 4:
		op.Kind = policy.OpCapability
		op.Capability = policy.Capability(s.r.IntN(policy.NumCapabilities + 2))
	}
	if op.Kind.Category() == policy.File || op.Kind.Category() == policy.Process && op.Kind != policy.OpAnonExec {
		op.Names, op.ByHandle = s.names(op.Kind), s.chance(4)
	}
	if op.ByHandle {
		return op
	}
	if op.Kind == policy.OpWrite && s.chance(60) {
		s.move(&op)
	}
	if op.Kind.Category() == policy.File && op.Change == policy.ChangeContent {
		op.OtherTask = len(op.Names.Origin) == 1 && s.chance(20)
	}
	return op
}

// move makes a write one that changes names, or a mount or removal.
func (s *Source) move(op *policy.Operation) {
	op.Change = pick(s, []policy.Change{policy.ChangeRemove, policy.ChangeMount, policy.ChangeRename, policy.ChangeRename, policy.ChangeExchange, policy.ChangeLink, policy.ChangeForeign})
	if op.Change == policy.ChangeRemove || op.Change == policy.ChangeMount || op.Change == policy.ChangeForeign {
		return
	}
	op.Names, op.To = policy.Name(s.Name()), policy.Name(s.Name())
	op.Dir = op.Change != policy.ChangeLink && s.chance(50)
	switch s.r.IntN(20) {
	case 0:
		op.Names = policy.Names{}
	case 1:
		op.To = op.Names
	case 2:
		op.To = policy.Names{}
	}
}

// names returns the names of a file: of one without a name, of one below the caller's own
// /proc entry (two names), or of an ordinary one.
func (s *Source) names(kind policy.OpKind) policy.Names {
	if s.chance(4) {
		return policy.Names{}
	}
	if kind.Category() == policy.File && s.chance(10) {
		rest := pick(s, []string{"", "/a", "/ab/abc", "/nginx"})
		return policy.Names{Origin: []string{"/proc/12" + rest, "/proc/self" + rest}}
	}
	return policy.Name(s.Name())
}
