package image

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kubearmor.io/policy"
)

func globRule(i int, pattern string) policy.Rule {
	return policy.Rule{Field: fmt.Sprintf("spec.file.matchPatterns[%d]", i), Category: policy.File,
		Match: policy.Matcher{Kind: policy.MatchGlob, Path: pattern}, Action: policy.Block}
}

func TestThousandsOfPathsBesideGlobsFitAnImage(t *testing.T) {
	for _, c := range []struct {
		paths int
		globs []string
	}{
		{10000, []string{"/usr/lib/*/bin/postgres", "/home/*/.ssh/**", "/etc/*.d/**.key"}},
		// Globs that begin with ** are followed along every path, which costs room.
		{10000, []string{"**/python*", "**/perl*", "**/ruby*"}},
		{5000, []string{"**/python*", "**/perl*", "**/ruby*", "/home/*/.ssh/**"}},
	} {
		t.Run(fmt.Sprint(c.paths, " paths and ", c.globs), func(t *testing.T) { compilesAndAgrees(t, c.paths, c.globs) })
	}
}

func compilesAndAgrees(t *testing.T, paths int, globs []string) {
	rules := rulesOf(paths)
	for i, g := range globs {
		rules[0].Rules = append(rules[0].Rules, globRule(i, g))
	}
	profile, err := policy.NewProfile(rules, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := Compile(profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/srv/app-1/module-1/data-1.bin", "/home/bob/.ssh/id", "/opt/python3", "/etc/passwd"} {
		op := policy.Operation{Kind: policy.OpRead, Names: policy.Name(name)}
		if got, want := img.Outcomes[Evaluate(img.Words, &op)], policy.Decide(profile, &op); !SameOutcome(got, want) {
			t.Errorf("%s: image %+v, evaluator %+v", name, got, want)
		}
	}
}

// TestDirectoriesAnywhereDoNotMultiply: of the rules of a policy one decides, and of policies
// that only block one rule is named.
func TestDirectoriesAnywhereDoNotMultiply(t *testing.T) {
	for _, c := range []struct {
		name            string
		policies, rules int
		action          func(rule int) policy.Action
	}{
		{"200 blocked ones in a policy", 1, 200, func(int) policy.Action { return policy.Block }},
		{"200 allowed ones in a policy", 1, 200, func(int) policy.Action { return policy.Allow }},
		{"60 of all actions in a policy", 1, 60, func(i int) policy.Action { return policy.Action(i % 3) }},
		{"60 blocked ones in each of three policies", 3, 60, func(int) policy.Action { return policy.Block }},
		{"60 allowed ones in each of three policies", 3, 60, func(int) policy.Action { return policy.Allow }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var policies []*policy.Policy
			for p := range c.policies {
				made := &policy.Policy{Ref: policy.Ref{Namespace: "default", Name: fmt.Sprint("wild", p)}}
				for i := range c.rules {
					rule := globRule(i, fmt.Sprintf("/**/cache-%d-%d/**", p, i))
					rule.Action = c.action(i)
					made.Rules = append(made.Rules, rule)
				}
				policies = append(policies, made)
			}
			profile, err := policy.NewProfile(policies, policy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			img, err := Compile(profile)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"/a/cache-0-7/x", "/cache-0-7/cache-0-5/x", "/cache-0-5/cache-0-7/x", "/cache-0-1/b/cache-2-3/c", "/etc/passwd"} {
				op := policy.Operation{Kind: policy.OpWrite, Names: policy.Name(name)}
				if got, want := img.Outcomes[Evaluate(img.Words, &op)], policy.Decide(profile, &op); !SameOutcome(got, want) {
					t.Errorf("%s: image %+v, evaluator %+v", name, got, want)
				}
			}
		})
	}
}

func TestGlobsThatMultiplyAreRefusedByName(t *testing.T) {
	p := &policy.Policy{Ref: policy.Ref{Namespace: "default", Name: "wild"}}
	for i := range 60 {
		p.Rules = append(p.Rules, globRule(i, fmt.Sprintf("/**/%c*%c*/**/*%d*/**", 'a'+i%26, 'b'+i%25, i)))
		// With an allow-list the baseline's own globs take part, which no user can simplify.
		p.Rules[i].Action = policy.Action(i % 3)
	}
	profile, err := policy.NewProfile([]*policy.Policy{p}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(profile)
	var complexity *TooComplexError
	if !errors.As(err, &complexity) {
		t.Fatalf("Compile returned %v, want a TooComplexError", err)
	}
	if len(complexity.Rules) == 0 || !strings.Contains(err.Error(), "KubeArmorPolicy/default/wild spec.file.matchPatterns[") {
		t.Errorf("the error names no rule: %v", err)
	}
}
