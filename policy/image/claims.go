package image

import (
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// What a decision rests on is one rule of each policy, the most specific, and where all of a
// policy's rules deny, one rule of all such policies. Claims tell the automaton so: it need not
// know which other rules match as well.

// Bits of automaton.Pattern.Needs: what has to hold for a rule besides its matcher.
const (
	needsReading = 1 << iota
	needsWriting
	needsOwner
	needsStranger // the caller does not own the file
	needsWritingOrStranger
	needsTTY
)

// contestBaseline is that of the baseline's lines. A policy's own contest is its index plus
// one; those of all policies that do the same are the negative ones from contestAlike on.
const (
	contestBaseline = -1
	contestAlike    = -2
)

// claims finds the claims of rules, and the rules that can share a pattern ID.
type claims struct {
	profile *policy.Profile
	sources *sources
	ranks   map[policy.RuleRef]claim
	shared  map[sharing]int
	// bySource are the contests of a policy's rules that have the same fromSource list.
	bySource map[[2]int]int
}

type claim struct {
	contest, rank int
	others        int // rules of the policy before it that do anything but allow
}

// sharing is what Allow rules have in common that can share an ID: it makes no difference
// which of them decides, as long as nothing else comes between them.
type sharing struct {
	policy   int
	category policy.Category
	others   int // see claim
	needs    uint32
	sources  int // the list of fromSource, -1 for none
}

func newClaims(p *policy.Profile, s *sources) *claims {
	c := &claims{p, s, map[policy.RuleRef]claim{}, map[sharing]int{}, map[[2]int]int{}}
	for _, cat := range []policy.Category{policy.Process, policy.File, policy.Network} {
		alike := map[int][]policy.RuleRef{}
		for i := range p.Policies {
			rules := c.rules(i, cat)
			contest := c.contest(i, rules)
			others := 0
			for rank, ref := range rules {
				c.ranks[ref] = claim{contest, rank, others}
				if p.At(ref).Action != policy.Allow {
					others++
				}
			}
			if contest < 0 {
				alike[contest] = append(alike[contest], rules...)
			}
		}
		for contest, rules := range alike {
			slices.SortStableFunc(rules, func(a, b policy.RuleRef) int { return c.compare(cat, a, b) })
			for rank, ref := range rules {
				c.ranks[ref] = claim{contest: contest, rank: rank}
			}
		}
	}
	return c
}

// rules returns the rules of a policy that take part in decisions of a category.
func (c *claims) rules(pol int, cat policy.Category) []policy.RuleRef {
	var refs []policy.RuleRef
	for r := range c.profile.Policies[pol].Rules {
		ref := policy.RuleRef{Policy: pol, Rule: r}
		if rule := c.profile.At(ref); rule.Category == cat && policy.BPF().Enforces(rule) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// contest returns the contest of a policy's rules: where all of them block, or all audit, the
// one with its likes in other policies, as only the most specific of all is ever named.
func (c *claims) contest(pol int, rules []policy.RuleRef) int {
	for _, ref := range rules {
		if a := c.profile.At(ref).Action; a == policy.Allow || a != c.profile.At(rules[0]).Action {
			return pol + 1
		}
	}
	if len(rules) == 0 {
		return pol + 1
	}
	return contestAlike - 2*int(c.profile.At(rules[0]).Action) - int(c.profile.Policies[pol].Mode)
}

// compare tells which of two rules is named where both match, by asking Judge.
func (c *claims) compare(cat policy.Category, a, b policy.RuleRef) int {
	if a.Policy == b.Policy {
		return a.Rule - b.Rule
	}
	kind := policy.OpRead
	switch cat {
	case policy.Process:
		kind = policy.OpExec
	case policy.Network:
		kind = policy.OpConnect
	}
	d := c.profile.Judge(kind, policy.Facts{Baseline: true, Winner: func(pol int) int {
		switch pol {
		case a.Policy:
			return a.Rule
		case b.Policy:
			return b.Rule
		}
		return -1
	}})
	switch d.Policy {
	case a.Policy:
		return -1
	case b.Policy:
		return 1
	}
	return a.Policy - b.Policy // neither is ever named
}

// claim sets what the pattern of a rule claims. A rule whose conditions are not among the
// bits claims nothing: it always counts, and no other rule is beaten by it.
func (c *claims) claim(p *automaton.Pattern, ref policy.RuleRef) {
	if needs, ok := needs(c.profile.At(ref)); ok {
		p.Contest, p.Rank, p.Needs = c.ranks[ref].contest, c.ranks[ref].rank, needs
		if list := c.sourcesOf(ref); list >= 0 {
			p.Contest, p.Rank = c.sourceContest(ref.Policy, list), ref.Rule
		}
	}
}

// sourcesOf numbers a rule's fromSource list, -1 for none.
func (c *claims) sourcesOf(ref policy.RuleRef) int {
	if r := c.profile.At(ref); r.FromSource != nil {
		return c.sources.list(r)
	}
	return -1
}

// sourceContest is that of the rules of a policy with one fromSource list: they hold of
// the same callers.
func (c *claims) sourceContest(pol, list int) int {
	key := [2]int{pol, list}
	if _, ok := c.bySource[key]; !ok {
		c.bySource[key] = len(c.profile.Policies) + 1 + len(c.bySource)
	}
	return c.bySource[key]
}

// needs returns the conditions of a rule; false where the bits do not say all.
func needs(r *policy.ProfileRule) (uint32, bool) {
	if r.Match.Kind == policy.MatchEndpoint {
		bits := needsElsewhere(r)
		if r.PTS {
			bits |= needsTTYEndpoint
		}
		return bits, r.FromSource == nil
	}
	bits := uint32(0)
	switch allows := r.Action == policy.Allow; {
	case allows && r.ReadOnly && r.OwnerOnly:
		bits = needsReading | needsOwner
	case allows && r.ReadOnly:
		bits = needsReading
	case allows && r.OwnerOnly:
		bits = needsOwner
	case r.ReadOnly && r.OwnerOnly:
		bits = needsWritingOrStranger
	case r.ReadOnly:
		bits = needsWriting
	case r.OwnerOnly:
		bits = needsStranger
	}
	if r.PTS {
		bits |= needsTTY
	}
	return bits, r.LinkName == "" && r.AllowedArgs == nil
}

// sharedWith returns the ID of patterns that a rule can share, fresh where it is the first.
func (c *claims) sharedWith(ref policy.RuleRef, fresh int) int {
	r := c.profile.At(ref)
	bits, ok := needs(r)
	if r.Action != policy.Allow || !ok {
		return fresh
	}
	key := sharing{ref.Policy, r.Category, c.ranks[ref].others, bits, c.sourcesOf(ref)}
	id, ok := c.shared[key]
	if !ok {
		id = fresh
		c.shared[key] = id
	}
	return id
}
