package explain

import "kubearmor.io/policy"

// Verdict is an outcome as policies and events name it.
type Verdict string

// The verdicts. AuditBlock is what a policy in mode Audit would deny.
const (
	Allow      Verdict = "Allow"
	Block      Verdict = "Block"
	Audit      Verdict = "Audit"
	AuditBlock Verdict = "Audit (Block)"
)

// Verdicts lists all verdicts.
func Verdicts() []Verdict { return []Verdict{Allow, Block, Audit, AuditBlock} }

// Step is one operation that the kernel judges on the way.
type Step struct {
	About     string // what it is, for people
	Operation *policy.Operation
	Decision  policy.Decision
}

// Answer is what becomes of the question.
type Answer struct {
	Question Question
	Profile  *policy.Profile
	Steps    []Step
	// Notes say what could not be known.
	Notes []string

	main     int // the step that the question is about
	deciding int
}

// decide picks the step that the outcome rests on: all have to pass, so a denial is it;
// else the one with an event; else the one that was asked about.
func (a *Answer) decide() {
	a.deciding = a.main
	for i := range a.Steps {
		if weight(a.Steps[i].Decision) > weight(a.Steps[a.deciding].Decision) {
			a.deciding = i
		}
	}
}

func weight(d policy.Decision) int {
	switch VerdictOf(d) {
	case Block:
		return 3
	case AuditBlock:
		return 2
	case Audit:
		return 1
	}
	return 0
}

// VerdictOf names a decision.
func VerdictOf(d policy.Decision) Verdict {
	switch {
	case d.Verdict == policy.Denied:
		return Block
	case d.Report == policy.ReportAuditBlock:
		return AuditBlock
	case d.Report == policy.ReportAudit:
		return Audit
	}
	return Allow
}

// Deciding returns the step that the outcome rests on.
func (a Answer) Deciding() Step { return a.Steps[a.deciding] }

// Verdict returns the outcome.
func (a Answer) Verdict() Verdict { return VerdictOf(a.Deciding().Decision) }

// Reason says what the outcome rests on: "rule", "default posture", "baseline", "no rule".
func (a Answer) Reason() string { return a.Deciding().Decision.Reason.String() }

// Policy returns the policy that the outcome is reported under, if there is one.
func (a Answer) Policy() (policy.Ref, bool) {
	return a.PolicyOf(a.Deciding().Decision)
}

// PolicyOf returns the policy that a step's decision is reported under.
func (a Answer) PolicyOf(d policy.Decision) (policy.Ref, bool) {
	if d.Policy < 0 {
		return policy.Ref{}, false
	}
	return a.Profile.Policies[d.Policy].Ref, true
}

// Rule returns the rule that the outcome rests on, nil for none.
func (a Answer) Rule() *policy.ProfileRule { return a.RuleOf(a.Deciding().Decision) }

// RuleOf returns the rule that a step's decision rests on, nil for none.
func (a Answer) RuleOf(d policy.Decision) *policy.ProfileRule {
	if d.Policy < 0 || d.Rule < 0 {
		return nil
	}
	return a.Profile.At(policy.RuleRef{Policy: d.Policy, Rule: d.Rule})
}

// Others are, for a default posture's decision, the other allow-lists that don't grant it.
func (a Answer) Others() []policy.Ref {
	var refs []policy.Ref
	for _, i := range a.Deciding().Decision.Others {
		refs = append(refs, a.Profile.Policies[i].Ref)
	}
	return refs
}
