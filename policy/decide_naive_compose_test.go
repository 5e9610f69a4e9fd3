package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// decide returns what describe says of the decision.
func (n naive) decide(op Operation) string {
	if n.noOperation(op) {
		return "allow: no rule"
	}
	first := n.judge(op, n.inMode(ModeEnforce))
	answer := first
	if !strings.HasPrefix(first, "deny") && len(n.inMode(ModeEnforce)) < len(n.policies) {
		if second := n.judge(op, n.policies); strings.HasPrefix(second, "deny") {
			answer = "would " + second
		}
	}
	if op.Silent {
		answer = silence(answer)
	}
	return answer
}

func silence(answer string) string {
	word, rest, _ := strings.Cut(answer, ":")
	if word == "deny" {
		return "deny silently:" + rest
	}
	return "allow:" + rest
}

func (n naive) noOperation(op Operation) bool {
	switch op.Kind.Category() {
	case File:
		return op.NotFile || op.SetUp
	case Network:
		return op.SetUp || op.Family == 1 || op.Family == 16
	case Capabilities:
		return op.SetUp
	}
	return false
}

func (n naive) inMode(mode Mode) []*Policy {
	var out []*Policy
	for _, p := range n.policies {
		if p.Mode == mode && !n.opt.Audited {
			out = append(out, p)
		}
	}
	return out
}

// judge takes one decision over some policies, by the steps of the contract.
func (n naive) judge(op Operation, policies []*Policy) string {
	names := []Operation{op}
	if op.Kind == OpWrite && (op.Change == ChangeRename || op.Change == ChangeExchange || op.Change == ChangeLink) {
		second := op
		second.Names = op.To
		names = append(names, second)
	}
	verdicts := n.guardClaims(op, policies)
	lists, granted := n.lists(op, policies), true
	blocksAlone := op.Kind == OpLoader || op.Kind == OpMapExec
	basic := false
	for _, one := range names {
		grantsOne := false
		for _, p := range policies {
			winner, ok := n.winner(p, one)
			if !ok || blocksAlone && winner.rule.Action != Block {
				continue
			}
			verdicts = append(verdicts, winner)
			grantsOne = grantsOne || slices.Contains(lists, p) && winner.rule.Action != Block
		}
		if !grantsOne && n.baseline(one) {
			grantsOne, basic = true, true
		}
		granted = granted && grantsOne
	}
	slices.SortStableFunc(verdicts, ruleOrder)
	return n.compose(op, verdicts, lists, granted, basic)
}

func (n naive) compose(op Operation, verdicts []claim, lists []*Policy, granted, basic bool) string {
	// A guard is a process Allow that denies: it stands first with its policy's name.
	find := func(a Action) (claim, bool) {
		i := slices.IndexFunc(verdicts, func(c claim) bool { return c.denies() == (a == Block) && (a == Block || c.rule.Action == a) })
		if i < 0 {
			return claim{}, false
		}
		return verdicts[i], true
	}
	if c, ok := find(Block); ok {
		return "deny: " + c.String()
	}
	if len(lists) > 0 && !granted {
		word := "deny"
		if n.opt.Postures[op.Kind.Category()] == PostureAudit {
			word = "audit"
		}
		var namesOfLists []string
		for _, p := range lists {
			namesOfLists = append(namesOfLists, p.Name)
		}
		return word + ": posture of " + strings.Join(namesOfLists, " and ")
	}
	if c, ok := find(Audit); ok {
		return "audit: " + c.String()
	}
	if c, ok := find(Allow); ok {
		return "allow: " + c.String()
	}
	if len(lists) > 0 && basic {
		return "allow: baseline"
	}
	return "allow: no rule"
}

// guardMark makes the order of a claim one longer where it denies as a guard.
const guardMark = -1

func (c claim) denies() bool { return c.rule.Action == Block || len(c.order) > 6 }

func (c claim) asGuard() claim {
	c.order = append(slices.Clone(c.order), guardMark)
	return c
}

// winner is the policy's verdict, with the sockets of a list of endpoints alone.
func (n naive) winner(p *Policy, op Operation) (claim, bool) {
	if claims := n.claims(p, op); len(claims) > 0 {
		return claims[0], true
	}
	if op.Kind != OpSocket {
		return claim{}, false
	}
	protocol, raw, _ := naiveSocket(op)
	var found []claim
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Category != Network || r.Action != Allow {
			continue
		}
		if r.Match.Kind == MatchProtocol {
			return claim{}, false
		}
		needs := []Protocol{r.Match.Endpoint.Protocol}
		if needs[0] == "" {
			needs = []Protocol{ProtoTCP, ProtoUDP, ProtoSCTP}
		}
		if !raw && slices.Contains(needs, protocol) && n.aboutCaller(r, op) {
			found = append(found, claim{p, r, i, n.order(r)})
		}
	}
	slices.SortStableFunc(found, ruleOrder)
	if len(found) == 0 {
		return claim{}, false
	}
	return found[0], true
}

// lists are the allow-lists of the operation's category in the order of naming.
func (n naive) lists(op Operation, policies []*Policy) []*Policy {
	if op.Kind == OpLoader || op.Kind == OpMapExec || op.Kind == OpAnonExec {
		return nil
	}
	var out []*Policy
	for _, p := range policies {
		if slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Action == Allow && r.Category == op.Kind.Category() }) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Policy) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (n naive) baseline(op Operation) bool {
	if n.opt.NoBaseline || op.Kind.Category() != File {
		return false
	}
	return slices.ContainsFunc(Baseline(), func(b BaselineRule) bool {
		r := Rule{Category: File, Action: Allow, Match: b.Match}
		return (op.Kind == OpRead || b.Write) && n.anyName(&r, op.Names)
	})
}

// guardClaims are the rules that deny besides: handles, programs kept read-only, and other
// names for what is blocked.
func (n naive) guardClaims(op Operation, policies []*Policy) []claim {
	var out []claim
	for _, p := range policies {
		for i := range p.Rules {
			r := &p.Rules[i]
			c := claim{p, r, i, n.order(r)}
			named := r.Match.Kind == MatchPath || r.Match.Kind == MatchDir || r.Match.Kind == MatchGlob || r.Match.Kind == MatchExecName
			handle := op.ByHandle && named && r.Action == Block && r.Category == op.Kind.Category() ||
				op.ByHandle && op.Kind == OpWrite && !n.opt.Host && r.Category == Process && r.Action == Allow && r.Match.Kind == MatchPath
			if handle || op.Kind == OpWrite && !n.opt.Host && (n.keepsProgram(c, op) || n.keepsName(c, op)) {
				out = append(out, c.asGuard())
			}
		}
	}
	return out
}

// keepsProgram: the operation writes a program that the rule allows by exact path, or moves
// a directory above it.
func (n naive) keepsProgram(c claim, op Operation) bool {
	if c.rule.Category != Process || c.rule.Action != Allow || c.rule.Match.Kind != MatchPath {
		return false
	}
	program := n.real(c.rule.Match.Path, true)
	for _, name := range slices.Concat(op.Names.Origin, op.Names.Seen, op.To.Origin, op.To.Seen) {
		moved := (op.Change == ChangeRename || op.Change == ChangeExchange) && name != program && within(name, true, program)
		if (name == program || moved) && !n.mayWrite(c, name, op) {
			return true
		}
	}
	return false
}

// mayWrite: a file rule allows the write of that name by exact path.
func (n naive) mayWrite(c claim, name string, op Operation) bool {
	for _, p := range n.policies {
		dry := p.Mode == ModeAudit || n.opt.Audited
		if dry && c.policy.Mode == ModeEnforce && !n.opt.Audited {
			continue
		}
		for i := range p.Rules {
			r := &p.Rules[i]
			exact := r.Category == File && r.Action == Allow && r.Match.Kind == MatchPath && n.real(r.Match.Path, true) == name
			if exact && n.aboutCaller(r, op) {
				return true
			}
		}
	}
	return false
}

// keepsName: the operation gives another name to what the rule blocks.
func (n naive) keepsName(c claim, op Operation) bool {
	literal := c.rule.Match.Kind == MatchPath || c.rule.Match.Kind == MatchDir ||
		c.rule.Match.Kind == MatchGlob && !strings.HasPrefix(c.rule.Match.Path, "**")
	if c.rule.Action != Block || c.rule.Category != Process && c.rule.Category != File || !literal {
		return false
	}
	leaves := func(from, to Names) bool {
		if len(to.Origin)+len(to.Seen) == 0 {
			to = Name("") // where no rule is about it
		}
		for _, f := range slices.Concat(from.Origin, from.Seen) {
			kept := false
			for _, t := range slices.Concat(to.Origin, to.Seen) {
				kept = kept || f == t || !n.escapes(c, f, t, op.Dir)
			}
			if !kept {
				return true
			}
		}
		return false
	}
	switch op.Change {
	case ChangeRename, ChangeLink:
		return leaves(op.Names, op.To)
	case ChangeExchange:
		return leaves(op.Names, op.To) || leaves(op.To, op.Names)
	}
	return false
}

// escapes tries all ways in which the flags of rules may be satisfied.
func (n naive) escapes(c claim, from, to string, dir bool) bool {
	strictlyBelow := func(name string) bool { return name != from && within(from, true, name) }
	switch c.rule.Match.Kind {
	case MatchPath:
		link := n.real(c.rule.Match.Path, false)
		if strictlyBelow(n.real(c.rule.Match.Path, true)) || n.isLink(c.rule) && (strictlyBelow(link) || link == from) {
			return true
		}
	case MatchDir:
		if strictlyBelow(n.real(c.rule.Match.Path, true)) {
			return true
		}
	case MatchGlob:
		for _, g := range n.globs(c.rule.Match.Path) {
			plain := g
			if i := strings.IndexAny(g, "*?["); i >= 0 {
				plain = g[:i]
			}
			anchor := plain[:max(strings.LastIndexByte(plain, '/'), 0)]
			if dir && anchor != "" && strictlyBelow(anchor) {
				return true
			}
		}
	}
	return n.loses(c, from, to) || dir && slices.ContainsFunc(suffixes(), func(s string) bool {
		return n.loses(c, path.Join(from, s), path.Join(to, s))
	})
}

// loses: some caller is kept from the one name by this rule, and from the other by none of
// its policy, nor by one of another policy where both do nothing but block.
func (n naive) loses(c claim, from, to string) bool {
	if !n.isNamed(c.rule, from) {
		return false
	}
	var rules []claim
	for _, p := range n.together(c) {
		for i := range p.Rules {
			r := &p.Rules[i]
			if r.Category == c.rule.Category && (n.isNamed(r, from) || n.isNamed(r, to)) {
				rules = append(rules, claim{p, r, i, n.order(r)})
			}
		}
	}
	slices.SortStableFunc(rules, func(a, b claim) int { return slices.Compare(a.order, b.order) })
	namedSo := func(name string) (yes []bool) {
		for _, x := range rules {
			yes = append(yes, n.isNamed(x.rule, name))
		}
		return yes
	}
	atFrom, atTo := namedSo(from), namedSo(to)
	free := map[*Rule]int{} // bits for what is not known of a call
	for _, x := range rules {
		if x.rule.AllowedArgs != nil || x.rule.FromSource != nil || n.isLink(x.rule) {
			free[x.rule] = 8 << len(free)
		}
	}
	for ways := range 8 << len(free) {
		call := Operation{Kind: OpRead, Owner: ways&1 != 0, TTY: ways&2 != 0}
		if ways&4 != 0 {
			call.Kind = OpWrite
		}
		winner := func(named []bool) *Rule {
			for i, x := range rules {
				if bit := free[x.rule]; named[i] && ways&bit == bit && n.mayHold(x.rule, call) {
					return x.rule
				}
			}
			return nil
		}
		if winner(atFrom) == c.rule {
			if w := winner(atTo); w == nil || w.Action != Block {
				return true
			}
		}
	}
	return false
}

// together are the policies whose rules decide as one with the claim's.
func (n naive) together(c claim) []*Policy {
	blocks := func(p *Policy) bool {
		other := func(r Rule) bool { return r.Category == c.rule.Category && r.Action != Block }
		return !slices.ContainsFunc(p.Rules, other)
	}
	mode := func(p *Policy) Mode {
		if n.opt.Audited {
			return ModeAudit
		}
		return p.Mode
	}
	if !blocks(c.policy) {
		return []*Policy{c.policy}
	}
	var out []*Policy
	for _, p := range n.policies {
		if blocks(p) && mode(p) == mode(c.policy) {
			out = append(out, p)
		}
	}
	return out
}

// mayHold: the flags are satisfied, whatever the source, the arguments and the name of a link.
func (n naive) mayHold(r *Rule, call Operation) bool {
	if r.PTS && !call.TTY {
		return false
	}
	if (r.ReadOnly || r.OwnerOnly) && r.AllowedArgs == nil {
		all := (!r.ReadOnly || call.Kind == OpRead) && (!r.OwnerOnly || call.Owner)
		return all == (r.Action == Allow)
	}
	return true
}
