package image

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"kubearmor.io/policy"
)

// TestManyGlobsDecideAsTheEvaluator is about rules that overlap nearly always: globs of
// directories anywhere, in one policy and in several, among paths and directories.
func TestManyGlobsDecideAsTheEvaluator(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	by := map[policy.Reason]int{}
	for pairs := 0; pairs < wantedPairs(t, 8_000); {
		profile, err := policy.NewProfile(overlapping(r), policy.Options{NoBaseline: r.IntN(2) == 0, Audited: r.IntN(10) == 0})
		if err != nil {
			t.Fatal(err)
		}
		img, err := Compile(profile)
		if err != nil {
			t.Fatalf("%v\n%s", err, profile.Canonical())
		}
		for range 40 {
			op := overlappingOperation(r)
			got, want := img.Outcomes[Evaluate(img.Words, &op)], policy.Decide(profile, &op)
			if !SameOutcome(got, want) {
				t.Fatalf("image: %+v\nevaluator: %+v\noperation %+v\nprofile %s", got, want, op, profile.Canonical())
			}
			by[want.Reason]++
			pairs++
		}
	}
	for _, reason := range []policy.Reason{policy.ReasonRule, policy.ReasonPosture, policy.ReasonNoRule, policy.ReasonBaseline} {
		if by[reason] < 20 {
			t.Errorf("only %d decisions by %s: the random input has become one-sided", by[reason], reason)
		}
	}
}

// overlapping returns up to three policies; half of them do the same to all they name.
func overlapping(r *rand.Rand) []*policy.Policy {
	var out []*policy.Policy
	for i := range 1 + r.IntN(3) {
		p := &policy.Policy{Ref: policy.Ref{Kind: policy.Kind(r.IntN(2)), Namespace: "default", Name: fmt.Sprint("p", i)}}
		if r.IntN(6) == 0 {
			p.Mode = policy.ModeAudit
		}
		action, alike := policy.Action(r.IntN(3)), r.IntN(2) == 0
		for n := range 2 + r.IntN(8) {
			rule := policy.Rule{Category: policy.File, Match: overlappingMatcher(r), Action: action, Field: fmt.Sprintf("spec.file[%d]", n),
				ReadOnly: r.IntN(6) == 0, OwnerOnly: r.IntN(8) == 0, PTS: r.IntN(10) == 0}
			if !alike {
				rule.Action = policy.Action(r.IntN(3))
			}
			if r.IntN(4) == 0 {
				rule.Category, rule.ReadOnly = policy.Process, false
				if r.IntN(4) == 0 {
					rule.Match = policy.Matcher{Kind: policy.MatchExecName, Name: component(r)}
				}
			}
			p.Rules = append(p.Rules, rule)
		}
		out = append(out, p)
	}
	return out
}

func component(r *rand.Rand) string {
	return []string{"a", "ab", "b", "usr", "lib", "self", "é"}[r.IntN(7)]
}

func overlappingMatcher(r *rand.Rand) policy.Matcher {
	a, b := component(r), component(r)
	switch r.IntN(8) {
	case 0:
		return policy.Matcher{Kind: policy.MatchPath, Path: "/" + a + "/" + b}
	case 1:
		return policy.Matcher{Kind: policy.MatchDir, Path: "/" + a, Recursive: r.IntN(2) == 0}
	case 2:
		return policy.Matcher{Kind: policy.MatchDir, Path: "/", Recursive: true}
	}
	forms := []string{"/**/%s/**", "**/%s/**", "/**/%s*/**", "/**/%s/**/" + b, "**/%s", "/**/%s/" + b + "*", "/**", "**/%s/?/**", "**/{%s,/" + b + "/**}"}
	form := forms[r.IntN(len(forms))]
	if form != "/**" {
		form = fmt.Sprintf(form, a)
	}
	return policy.Matcher{Kind: policy.MatchGlob, Path: form}
}

func overlappingOperation(r *rand.Rand) policy.Operation {
	op := policy.Operation{Kind: []policy.OpKind{policy.OpRead, policy.OpWrite, policy.OpExec}[r.IntN(3)], Owner: r.IntN(2) == 0, TTY: r.IntN(2) == 0}
	name := ""
	for range 1 + r.IntN(5) {
		name += "/" + component(r)
	}
	op.Names = policy.Name(name)
	switch {
	case op.Kind == policy.OpExec:
		op.StartedBy = component(r)
	case r.IntN(6) == 0:
		op.Names = policy.Names{Origin: []string{"/proc/12" + name, "/proc/self" + name}}
	}
	return op
}
