package policy

import (
	"slices"
	"strings"

	"kubearmor.io/policy/glob"
)

// Group is rules of one category that decide together: those of a policy, or those of all
// policies of a mode that do nothing but block, of which any blocks for all.
type Group struct {
	Mode  Mode
	Rules []RuleRef // the most specific first

	order map[RuleRef]int
	names []RuleRef // rules by base name that do not block
}

func (g *Group) index(p *Profile) {
	g.order = make(map[RuleRef]int, len(g.Rules))
	for i, ref := range g.Rules {
		g.order[ref] = i
		if r := p.At(ref); r.Match.Kind == MatchExecName && r.Action != Block {
			g.names = append(g.names, ref)
		}
	}
}

// Holds says whether a rule is one of the group.
func (g *Group) Holds(ref RuleRef) bool {
	_, ok := g.order[ref]
	return ok
}

// HasNames says whether a rule of the group that does not block is about a base name.
func (g *Group) HasNames() bool { return len(g.names) > 0 }

// Sort puts rules of the group in its order.
func (g *Group) Sort(refs []RuleRef) {
	slices.SortFunc(refs, func(a, b RuleRef) int { return g.order[a] - g.order[b] })
}

// Groups returns the groups of a category with a Block that keeps names from being changed.
func (p *Profile) Groups(cat Category, enforced func(*ProfileRule) bool) []Group {
	var mixed []Group
	blocking := [2]Group{{Mode: ModeEnforce}, {Mode: ModeAudit}}
	for i := range p.Policies {
		g := Group{Mode: p.Policies[i].Mode}
		blocks, keeps := true, false
		for r := range p.Policies[i].Rules {
			ref := RuleRef{i, r}
			if rule := p.At(ref); rule.Category == cat && enforced(rule) {
				g.Rules = append(g.Rules, ref)
				blocks = blocks && rule.Action == Block
				keeps = keeps || rule.KeepsNames()
			}
		}
		switch {
		case len(g.Rules) > 0 && blocks:
			blocking[g.Mode].Rules = append(blocking[g.Mode].Rules, g.Rules...)
		case keeps:
			mixed = append(mixed, g)
		}
	}
	var out []Group
	for _, g := range blocking {
		slices.SortStableFunc(g.Rules, p.CompareRules)
		if slices.ContainsFunc(g.Rules, func(ref RuleRef) bool { return p.At(ref).KeepsNames() }) {
			out = append(out, g)
		}
	}
	out = append(out, mixed...)
	for i := range out {
		out[i].index(p)
	}
	return out
}

// CompareRules orders rules as events name them, the one to name first.
func (p *Profile) CompareRules(a, b RuleRef) int {
	da, db := Decision{Policy: a.Policy, Rule: a.Rule}, Decision{Policy: b.Policy, Rule: b.Rule}
	switch {
	case p.before(da, db):
		return -1
	case p.before(db, da):
		return 1
	}
	return 0
}

// KeepsNames says whether what the rule is about can't be given another name.
func (r *ProfileRule) KeepsNames() bool { return r.Action == Block && r.Anchor() != "" }

// NameFacts are what the rules of a group say of one name: all that matters for whether a
// file, or what is below a directory, may get that name or lose it. All are in the group's order.
type NameFacts struct {
	Match []RuleRef // rules about the name
	Above []RuleRef // Blocks about something strictly below it, or about a link of that name
	Holds []RuleRef // Blocks that may be about something below it (ProfileRule.HoldsBelow)
	// Below are the rules that matter for whether all below it stays blocked: recursive
	// directories that are blocked and hold the name, and exceptions that may be below it.
	Below []RuleRef
}

func (p *Profile) nameFacts(g *Group, name string) NameFacts {
	var f NameFacts
	for _, ref := range g.Rules {
		r := p.At(ref)
		if r.matchesName(name) {
			f.Match = append(f.Match, ref)
		}
		if r.KeepsNames() && (isBelow(r.Anchor(), name) || r.LinkPath != "" && (r.LinkPath == name || isBelow(r.LinkPath, name))) {
			f.Above = append(f.Above, ref)
		}
		if r.KeepsNames() && r.HoldsBelow(name) {
			f.Holds = append(f.Holds, ref)
		}
		covers := r.Match.Kind == MatchDir && r.Match.Recursive && inDir(r.Match.Path, true, name)
		if r.Action == Block && covers || r.Action != Block && (r.HoldsBelow(name) || isBelow(r.Anchor(), name)) {
			f.Below = append(f.Below, ref)
		}
	}
	return f
}

// movesAway returns the rules of a category that keep a rename, exchange or link from giving
// a file, or one below it, a name under which it could be had. A move that leaves everything
// as blocked as it was, such as one within a blocked directory, gains nothing.
func (p *Profile) movesAway(cat Category, from, to Names, dir bool, enforced func(*ProfileRule) bool) []RuleRef {
	fromNames, toNames := slices.Concat(from.Origin, from.Seen), slices.Concat(to.Origin, to.Seen)
	if len(toNames) == 0 {
		toNames = []string{""}
	}
	var refs []RuleRef
	for _, g := range p.Groups(cat, enforced) {
		for _, f := range fromNames {
			facts := p.nameFacts(&g, f)
			var lost []RuleRef
			for i, t := range toNames {
				other := p.nameFacts(&g, t)
				guards := p.MoveGuards(&g, &facts, &other, dir)
				if i == 0 {
					lost = guards
				}
				lost = slices.DeleteFunc(lost, func(ref RuleRef) bool { return f == t || !slices.Contains(guards, ref) })
			}
			refs = append(refs, lost...)
		}
	}
	return refs
}

// MoveGuards returns the rules of a group that deny giving another name to what has the one;
// dir says that it is a directory.
func (p *Profile) MoveGuards(g *Group, from, to *NameFacts, dir bool) []RuleRef {
	refs := slices.Clone(from.Above) // what the rule names moves away with its directory
	for _, ref := range from.Match {
		if p.At(ref).KeepsNames() && p.loses(ref, from.Match, to.Match) {
			refs = append(refs, ref)
		}
	}
	if dir {
		for _, ref := range from.Holds {
			if !p.keepsBelow(g, ref, to.Below) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// Anchor returns the path, directory or literal beginning that a rule is about, or "".
func (r *ProfileRule) Anchor() string {
	switch r.Match.Kind {
	case MatchPath, MatchDir:
		return r.Match.Path
	case MatchGlob:
		return r.glob.LiteralDir()
	}
	return ""
}

// loses says whether some caller whom a rule keeps from a file that before is about could get
// at it where after is. The caller and the way it makes the call are the same for both names.
func (p *Profile) loses(rule RuleRef, before, after []RuleRef) bool {
	for call := range calls {
		now := p.mayDecide(before, call)
		if at := slices.Index(now, rule); at >= 0 && p.losesTo(rule, now[:at], p.mayDecide(after, call)) {
			return true
		}
	}
	return false
}

// losesTo compares the rules that may come before the one with those that may decide on the
// other name. Whether a condition holds that mayDecide does not know is the same for both.
func (p *Profile) losesTo(rule RuleRef, first, after []RuleRef) bool {
	for _, other := range after {
		if other == rule {
			return false // it decides here too, before anything weaker
		}
		if p.At(other).Action != Block && !slices.Contains(first, other) {
			return true
		}
	}
	return len(after) == 0 || p.At(after[len(after)-1]).Opaque()
}

// calls are the ways in which flags may be satisfied: bits of reading, owner, terminal.
const (
	callReads = 1 << iota
	callOwns
	callTTY
	calls
)

// mayDecide returns those of the matching rules that can be the most specific one for a
// call: all whose flags it satisfies, up to the first without any other condition.
func (p *Profile) mayDecide(matching []RuleRef, call int) []RuleRef {
	var out []RuleRef
	for _, ref := range matching {
		if r := p.At(ref); r.SpeaksOf(call) {
			out = append(out, ref)
			if !r.Opaque() {
				break
			}
		}
	}
	return out
}

// Opaque says that a rule has conditions besides what SpeaksOf knows.
func (r *ProfileRule) Opaque() bool {
	return r.AllowedArgs != nil || r.FromSource != nil || r.LinkName != ""
}

// SpeaksOf says whether a rule's flags hold for a call, a number below calls.
func (r *ProfileRule) SpeaksOf(call int) bool {
	flags := (r.ReadOnly || r.OwnerOnly) && r.AllowedArgs == nil
	satisfied := (!r.ReadOnly || call&callReads != 0) && (!r.OwnerOnly || call&callOwns != 0)
	return (!flags || satisfied == (r.Action == Allow)) && (!r.PTS || call&callTTY != 0)
}

// Below returns the globs that match the directories below which the rule's glob may match.
func (r *ProfileRule) Below() []*glob.Glob { return r.below }

// Conditional says that the rule has flags or other conditions besides its matcher.
func (r *ProfileRule) Conditional() bool { return r.ReadOnly || r.OwnerOnly || r.PTS || r.Opaque() }

// HoldsBelow says whether the rule, a directory or a glob, may be about something below dir.
func (r *ProfileRule) HoldsBelow(dir string) bool {
	switch r.Match.Kind {
	case MatchDir:
		return r.Match.Recursive && inDir(r.Match.Path, true, dir) || r.Match.Path == dir
	case MatchGlob:
		return slices.ContainsFunc(r.below, func(g *glob.Glob) bool { return g.Match(dir) })
	}
	return false
}

// keepsBelow says whether all that rule blocks below a directory stays blocked where below
// is what matters: the rule itself or one without conditions covers it there, and no
// exception comes before. Base names stay: an exception by one that came before the rule did
// so elsewhere too.
func (p *Profile) keepsBelow(g *Group, rule RuleRef, below []RuleRef) bool {
	for _, ref := range below {
		r := p.At(ref)
		if r.Action != Block {
			return false
		}
		if ref == rule || !r.Conditional() {
			return !slices.ContainsFunc(g.names, func(name RuleRef) bool {
				return g.order[name] > g.order[rule] && g.order[name] < g.order[ref]
			})
		}
	}
	return false
}

// isBelow says whether name lies strictly below dir.
func isBelow(name, dir string) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
	return ok && rest != ""
}
