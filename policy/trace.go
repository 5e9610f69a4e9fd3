package policy

import "slices"

// DecideTrace says whether a task may ptrace another one, or open its memory: not where
// that one's program is granted more, for it could be made to do what the caller may not.
// Where the profile denies anything, a task outside of the container is out of reach as
// well: nothing holds there. A nil target is such a task.
//
// Like Decide it is a pure function, and what enforcers are compared with.
func DecideTrace(p *Profile, caller Names, target *Names, enforced func(*ProfileRule) bool) Decision {
	if target == nil {
		return p.traceOutside(enforced)
	}
	for _, ref := range p.TraceRules(enforced) {
		r := p.At(ref)
		if r.KeepsFrom(r.matchesSource(caller), r.matchesSource(*target)) {
			return Decision{Verdict: Denied, Report: ReportBlock, Reason: ReasonRule, Policy: ref.Policy, Rule: ref.Rule}
		}
	}
	return noRule()
}

// TraceRules returns the rules by which programs differ in what they may do, in the order in
// which events name them: those with fromSource that block, allow, or audit what an
// allow-list has to grant. What mode Audit says denies nothing.
func (p *Profile) TraceRules(enforced func(*ProfileRule) bool) []RuleRef {
	var refs []RuleRef
	for i := range p.Policies {
		pol := &p.Policies[i]
		for r := range pol.Rules {
			rule := &pol.Rules[r]
			if pol.Mode == ModeEnforce && rule.FromSource != nil && enforced(rule) && (rule.Action != Audit || pol.AllowList[rule.Category]) {
				refs = append(refs, RuleRef{i, r})
			}
		}
	}
	slices.SortStableFunc(refs, func(a, b RuleRef) int {
		if p.before(Decision{Policy: a.Policy, Rule: a.Rule}, Decision{Policy: b.Policy, Rule: b.Rule}) {
			return -1
		}
		return 1
	})
	return refs
}

// KeepsFrom says whether a rule gives the program of one task more than that of a caller,
// given which of them it is about.
func (r *ProfileRule) KeepsFrom(caller, target bool) bool {
	if r.Action == Block {
		return caller && !target
	}
	return target && !caller
}

// SecuresExec says whether an exec of a program is made secure (AT_SECURE): some rule grants
// what it is the source of, and whoever starts it must not get into it by its environment.
func (p *Profile) SecuresExec(program Names, enforced func(*ProfileRule) bool) bool {
	return slices.ContainsFunc(p.TraceRules(enforced), func(ref RuleRef) bool {
		r := p.At(ref)
		return r.Action != Block && r.matchesSource(program)
	})
}

// traceOutside names the first policy that denies anything.
func (p *Profile) traceOutside(enforced func(*ProfileRule) bool) Decision {
	for i := range p.Policies {
		pol := &p.Policies[i]
		denies := func(r ProfileRule) bool {
			posture := r.Action == Allow && int(r.Category) < len(p.Postures) && p.Postures[r.Category] == PostureBlock
			return posture || r.Action == Block && enforced(&r)
		}
		if pol.Mode == ModeEnforce && !p.Host && slices.ContainsFunc(pol.Rules, denies) {
			return Decision{Verdict: Denied, Report: ReportBlock, Reason: ReasonOutside, Policy: i, Rule: -1}
		}
	}
	return noRule()
}
