package image

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kubearmor.io/policy"
)

// manySources returns rules on files, each for another program: rule i is about file(i).
func manySources(n int, action func(int) policy.Action, file func(int) string) []policy.Rule {
	var rules []policy.Rule
	for i := range n {
		rules = append(rules, policy.Rule{Field: fmt.Sprintf("spec.file.matchPaths[%d]", i), Category: policy.File, Action: action(i),
			Match:      policy.Matcher{Kind: policy.MatchPath, Path: file(i)},
			FromSource: []policy.Source{{Path: fmt.Sprintf("/opt/programs/%d/run", i)}, {Dir: fmt.Sprintf("/opt/tools/%d", i), Recursive: i%2 == 0}}})
	}
	return rules
}

func all(a policy.Action) func(int) policy.Action { return func(int) policy.Action { return a } }

func TestManySourcesFitAnImage(t *testing.T) {
	own := func(i int) string { return fmt.Sprintf("/srv/data/%d", i) }
	one := func(int) string { return "/srv/data" }
	for name, rules := range map[string][]policy.Rule{
		"2,000 rules, each for programs of its own":          manySources(2000, all(policy.Allow), own),
		"a file that 200 rules allow to programs of theirs":  manySources(200, all(policy.Allow), one),
		"200 rules that block, each for programs of its own": manySources(200, all(policy.Block), own),
		"a file that 100 rules of all actions are about":     manySources(100, func(i int) policy.Action { return policy.Action(i % 3) }, one),
	} {
		t.Run(name, func(t *testing.T) {
			profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Namespace: "default", Name: "many"}, Rules: rules}}, policy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			img, err := Compile(profile)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes, %s", 4*len(img.Words), time.Since(began).Round(time.Millisecond))
			for i := range 50 {
				for _, source := range []string{fmt.Sprintf("/opt/programs/%d/run", i), fmt.Sprintf("/opt/tools/%d/x", i), "/bin/sh"} {
					op := policy.Operation{Kind: policy.OpRead, Names: policy.Name(rules[(i*3)%len(rules)].Match.Path), Source: policy.Name(source)}
					if got, want := img.Outcomes[Evaluate(img.Words, &op)], policy.Decide(profile, &op); !SameOutcome(got, want) {
						t.Fatalf("%s reads %v: image %+v, evaluator %+v", source, op.Names.Origin, got, want)
					}
				}
			}
		})
	}
}

func TestSourcesThatMultiplyAreRefusedByName(t *testing.T) {
	rules := manySources(4000, all(policy.Block), func(i int) string { return fmt.Sprintf("/srv/data/%d", i) })
	profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Namespace: "default", Name: "many"}, Rules: rules}}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(profile)
	var complexity *TooComplexError
	if !errors.As(err, &complexity) {
		t.Fatalf("Compile returned %v, want a TooComplexError", err)
	}
	if !slices.ContainsFunc(complexity.Rules, func(r string) bool { return strings.Contains(r, "spec.file.matchPaths[") }) {
		t.Errorf("the error names no rule: %v", err)
	}
}

// TestAProfileWithoutSourcesAsksForNone: then operations are not slowed down.
func TestAProfileWithoutSourcesAsksForNone(t *testing.T) {
	for name, c := range map[string]struct {
		rule  policy.Rule
		flags uint32
	}{
		"no source":              {policy.Rule{Category: policy.File, Match: policy.Matcher{Kind: policy.MatchPath, Path: "/x"}}, FlagFile | FlagTrace},
		"a source":               {policy.Rule{Category: policy.File, Match: policy.Matcher{Kind: policy.MatchPath, Path: "/x"}, FromSource: []policy.Source{{Path: "/y"}}}, FlagFile | FlagTrace | FlagSources},
		"nothing is ever denied": {policy.Rule{Category: policy.File, Action: policy.Audit, Match: policy.Matcher{Kind: policy.MatchPath, Path: "/x"}}, FlagFile},
	} {
		t.Run(name, func(t *testing.T) {
			profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Name: "p"}, Rules: []policy.Rule{c.rule}}}, policy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			img, err := Compile(profile)
			if err != nil {
				t.Fatal(err)
			}
			if got := img.Words[HeaderFlags] &^ FlagNames; got != c.flags {
				t.Errorf("flags %b, want %b", got, c.flags)
			}
		})
	}
}
