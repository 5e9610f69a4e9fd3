package policy

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
)

// naive is a second evaluator, written from the contract alone: slow, without a profile,
// sharing neither matching nor ordering nor resolving with the first. It judges by lists of
// claims: what each rule of each policy says to an operation.
type naive struct {
	policies []*Policy
	opt      Options
	links    map[string]string // name → target, of the container's root
	compiled map[string][]*regexp.Regexp
}

func newNaive(policies []*Policy, opt Options) naive {
	return naive{policies, opt, rootLinks(), map[string][]*regexp.Regexp{}}
}

// globRegexps keeps what globRegexp gives for the ways to read a glob.
func (n naive) globRegexps(pattern string) []*regexp.Regexp {
	if _, ok := n.compiled[pattern]; !ok {
		for _, g := range n.globs(pattern) {
			n.compiled[pattern] = append(n.compiled[pattern], globRegexp(g))
		}
	}
	return n.compiled[pattern]
}

// claim is one rule that matches an operation.
type claim struct {
	policy *Policy
	rule   *Rule
	index  int // of the rule in its policy
	order  []int
}

// claims returns what the rules of a policy say to one name of the operation, the most
// specific first.
func (n naive) claims(p *Policy, op Operation) []claim {
	var out []claim
	for i := range p.Rules {
		r := &p.Rules[i]
		if n.aboutObject(r, op) && n.aboutCaller(r, op) {
			out = append(out, claim{p, r, i, n.order(r)})
		}
	}
	slices.SortStableFunc(out, func(a, b claim) int { return slices.Compare(a.order, b.order) })
	return out
}

// order is the tuple by which the contract sorts, ties by action included.
func (n naive) order(r *Rule) []int {
	source := 1
	if r.FromSource != nil {
		source = 0
	}
	tuple := []int{source, 0, 0, 0, 0, int(r.Action)}
	m := r.Match
	switch m.Kind {
	case MatchPreset:
	case MatchPath, MatchCapability, MatchSyscall:
		tuple[1] = 1
	case MatchExecName:
		tuple[1] = 2
	case MatchGlob:
		tuple[1], tuple[2] = 3, -n.literals(m.Path)
	case MatchDir:
		tuple[1], tuple[2] = 4, -len(n.real(m.Path, true))
		if m.Recursive {
			tuple[3] = 1
		}
	case MatchEndpoint:
		tuple[1], tuple[2] = 5, 1
		if m.Endpoint.CIDR.IsValid() {
			tuple[2] = -m.Endpoint.CIDR.Bits()
		}
		tuple[3], tuple[4] = -min(len(m.Endpoint.Ports), 1), -min(len(m.Endpoint.Protocol), 1)
	case MatchProtocol:
		tuple[1] = 6
		if m.Protocol == ProtoAll {
			tuple[1] = 7
		}
	}
	return tuple
}

// aboutCaller: the flags and what narrows.
func (n naive) aboutCaller(r *Rule, op Operation) bool {
	if r.PTS && !op.TTY {
		return false
	}
	if r.FromSource != nil {
		names := op.Source.Origin
		if r.Action != Allow {
			names = append(slices.Clone(names), op.Source.Seen...)
		}
		found := false
		for _, s := range r.FromSource {
			for _, name := range names {
				found = found || s.Path != "" && name == n.real(s.Path, true) || s.Path == "" && within(n.real(s.Dir, true), s.Recursive, name)
			}
		}
		if !found {
			return false
		}
	}
	var flags []bool
	if r.ReadOnly {
		flags = append(flags, op.Kind == OpRead)
	}
	if r.OwnerOnly {
		flags = append(flags, op.Owner)
	}
	if r.AllowedArgs != nil {
		listed := !op.ArgsUnreadable && op.Kind != OpMapExec
		for _, a := range op.Args {
			listed = listed && slices.Contains(r.AllowedArgs, a)
		}
		flags = append(flags, listed)
	}
	if r.Action == Allow {
		return !slices.Contains(flags, false)
	}
	return len(flags) == 0 || slices.Contains(flags, false)
}

// aboutObject: the matcher.
func (n naive) aboutObject(r *Rule, op Operation) bool {
	switch {
	case r.Match.Kind == MatchPreset:
		return naivePreset(r.Match.Preset, op)
	case r.Category != op.Kind.Category():
		return false
	case r.Category == Network:
		return naiveNetwork(r, op)
	case r.Category == Capabilities:
		return r.Match.Capability == op.Capability
	case r.Category == Process:
		return n.aboutProgram(r, op)
	case r.Category == File:
		return n.anyName(r, op.Names)
	}
	return false
}

func naivePreset(name PresetName, op Operation) bool {
	file := op.Kind == OpRead || op.Kind == OpWrite
	switch name {
	case PresetProtectEnv:
		environ := slices.ContainsFunc(append(slices.Clone(op.Names.Origin), op.Names.Seen...), func(s string) bool { return path.Base(s) == "environ" })
		return file && op.OtherTask && environ
	case PresetProtectProc:
		return file && op.OtherTask
	case PresetExec:
		return op.Kind == OpExec && op.Entered
	case PresetFilelessExec:
		nameless := len(op.Names.Origin)+len(op.Names.Seen) == 0 || len(op.Names.Origin) == 0 && op.Names.Deleted
		return op.Kind == OpExec && nameless
	}
	return op.Kind == OpAnonExec
}

// anyName: one of the names that count for the action.
func (n naive) anyName(r *Rule, names Names) bool {
	if names.Cut {
		return r.Action != Allow && r.Match.Kind == MatchDir && slices.ContainsFunc(names.Seen, func(s string) bool { return n.isNamed(r, s) })
	}
	count := slices.Clone(names.Origin)
	if r.Action != Allow {
		count = append(count, names.Seen...)
	}
	return slices.ContainsFunc(count, func(s string) bool { return n.isNamed(r, s) })
}

// isNamed: the matcher holds for a name.
func (n naive) isNamed(r *Rule, name string) bool {
	switch r.Match.Kind {
	case MatchPath:
		return name == n.real(r.Match.Path, true)
	case MatchDir:
		return within(n.real(r.Match.Path, true), r.Match.Recursive, name)
	case MatchGlob:
		return slices.ContainsFunc(n.globRegexps(r.Match.Path), func(re *regexp.Regexp) bool { return re.MatchString(name) })
	case MatchExecName:
		return path.Base(name) == r.Match.Name
	}
	return false
}

// aboutProgram: images, loaders and mappings.
func (n naive) aboutProgram(r *Rule, op Operation) bool {
	if op.Kind == OpAnonExec {
		return false
	}
	mapping := op.Kind == OpLoader || op.Kind == OpMapExec
	if mapping && (op.NotFile || r.Match.Kind != MatchPath && r.Match.Kind != MatchExecName) {
		return false
	}
	hidden := mapping || op.ByDescriptor
	named := n.anyName(r, op.Names)
	if r.Match.Kind == MatchExecName {
		return named || r.Action != Allow && !hidden && op.StartedBy == r.Match.Name
	}
	written, link := n.real(r.Match.Path, false), n.isLink(r)
	if !link {
		return named
	}
	itself := slices.Contains(op.Names.Origin, written) || slices.Contains(op.Names.Seen, written)
	startedSo := !hidden && op.StartedBy == path.Base(written)
	if r.Action == Allow {
		return named && startedSo
	}
	return itself || named && (startedSo || hidden)
}

// isLink: the last component of a process rule's path is a link.
func (n naive) isLink(r *Rule) bool {
	return r.Category == Process && r.Match.Kind == MatchPath && n.real(r.Match.Path, true) != n.real(r.Match.Path, false)
}

func naiveNetwork(r *Rule, op Operation) bool {
	protocol, raw, other := naiveSocket(op)
	byName := func(p Protocol) bool {
		switch {
		case p == ProtoAll:
			return true
		case p == ProtoRaw:
			return raw && (!other || r.Action != Allow)
		case other:
			return false
		}
		return protocol == p && (!raw || r.Action != Allow)
	}
	if r.Match.Kind == MatchProtocol {
		return byName(r.Match.Protocol)
	}
	e := r.Match.Endpoint
	if op.Kind == OpSocket || (e.Direction == Egress) != (op.Kind == OpConnect) {
		return false
	}
	if e.Protocol != "" && !byName(e.Protocol) {
		return false
	}
	if r.Action == Allow && (raw && e.Protocol == "" || !op.Address.IsValid()) {
		return false
	}
	addr := netip.AddrPortFrom(op.Address.Addr().Unmap(), op.Address.Port())
	if e.CIDR.IsValid() && !e.CIDR.Contains(addr.Addr()) {
		return false
	}
	for _, ports := range e.Ports {
		if ports.First <= addr.Port() && addr.Port() <= ports.Last {
			return true
		}
	}
	return len(e.Ports) == 0
}

// naiveSocket: the protocol's name, whether it is raw, whether it is allowed by `all` alone.
func naiveSocket(op Operation) (protocol Protocol, raw, other bool) {
	byNumber := map[int]Protocol{6: ProtoTCP, 262: ProtoTCP, 256: ProtoTCP, 17: ProtoUDP, 136: ProtoUDP, 1: ProtoICMP, 58: ProtoICMPv6, 132: ProtoSCTP}
	byType := map[int]Protocol{1: ProtoTCP, 2: ProtoUDP, 5: ProtoSCTP}
	switch op.Family {
	case 2, 10:
		protocol = byNumber[op.Protocol]
		if op.Protocol == 0 {
			protocol = byType[op.SockType]
		}
		return protocol, op.SockType == 3, false
	case 17:
		return "", true, false
	case 43:
		return ProtoTCP, false, false
	case 44:
		return "", true, true
	}
	return "", false, true
}

// within: the directory itself, a direct child, or anything below.
func within(dir string, recursive bool, name string) bool {
	if name == "" {
		return false // no name
	}
	if name == dir || path.Dir(name) == dir {
		return true
	}
	for up := name; recursive && up != "/"; up = path.Dir(up) {
		if path.Dir(up) == dir {
			return true
		}
	}
	return false
}

// real replaces the first link in a name by its target until none is left.
func (n naive) real(name string, last bool) string {
	for tries := 0; tries <= 40; tries++ {
		next, changed := n.step(name, last)
		if !changed {
			return next
		}
		name = next
	}
	return name // the test's roots have no loops
}

func (n naive) step(name string, last bool) (string, bool) {
	parts := strings.Split(strings.Trim(name, "/"), "/")
	for i := range parts {
		prefix := "/" + strings.Join(parts[:i+1], "/")
		if i == len(parts)-1 && !last || strings.HasPrefix(prefix, "/proc/") {
			return name, false
		}
		if target, ok := n.links[prefix]; ok {
			if !path.IsAbs(target) {
				target = path.Dir(prefix) + "/" + target
			}
			return path.Clean(target + "/" + strings.Join(parts[i+1:], "/")), true
		}
	}
	return name, false
}

// globs writes out the braces of a glob and resolves what stands before a wildcard.
func (n naive) globs(pattern string) []string {
	var out []string
	for _, g := range unbrace(pattern) {
		plain := g
		if i := strings.IndexAny(g, "*?["); i >= 0 {
			plain = g[:i]
		}
		if cut := strings.LastIndexByte(plain, '/'); cut > 0 {
			g = strings.TrimSuffix(n.real(plain[:cut], true), "/") + g[cut:]
		}
		out = append(out, g)
	}
	return out
}

func unbrace(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	closing := open + strings.IndexByte(pattern[open:], '}')
	var out []string
	for _, branch := range strings.Split(pattern[open+1:closing], ",") {
		out = append(out, unbrace(pattern[:open]+branch+pattern[closing+1:])...)
	}
	return out
}

// globRegexp translates a glob without braces and escapes.
func globRegexp(g string) *regexp.Regexp {
	class := regexp.MustCompile(`^\[[^]]*\]`)
	var re strings.Builder
	for g != "" {
		taken := 1
		switch {
		case strings.HasPrefix(g, "**"):
			re.WriteString(`.*`)
			taken = 2
		case g[0] == '*':
			re.WriteString(`[^/]*`)
		case g[0] == '?':
			re.WriteString(`[^/]`)
		case g[0] == '[':
			taken = len(class.FindString(g))
			re.WriteString(g[:taken])
		default:
			re.WriteString(regexp.QuoteMeta(g[:1]))
		}
		g = g[taken:]
	}
	return regexp.MustCompile(`^(?:` + re.String() + `)$`)
}

// literals: bytes that stand for themselves, in the shortest way to read the braces.
func (n naive) literals(pattern string) int {
	wild := regexp.MustCompile(`\*|\?|\[[^]]*\]`)
	shortest := -1
	for _, g := range n.globs(pattern) {
		if size := len(wild.ReplaceAllString(g, "")); shortest < 0 || size < shortest {
			shortest = size
		}
	}
	return shortest
}

// ruleOrder sorts claims for naming.
func ruleOrder(a, b claim) int {
	return cmp.Or(
		slices.Compare(a.order[:5], b.order[:5]),
		cmp.Compare(a.policy.Kind, b.policy.Kind),
		cmp.Compare(a.policy.Namespace, b.policy.Namespace),
		cmp.Compare(a.policy.Name, b.policy.Name),
		cmp.Compare(a.index, b.index),
	)
}

func (c claim) String() string {
	return fmt.Sprintf("%s %s", c.policy.Name, strings.TrimPrefix(c.rule.Field, "spec."))
}
