package image

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kubearmor.io/policy"
)

// listed returns a profile of one program for each list of allowedArgs.
func listed(t *testing.T, lists int) *policy.Profile {
	t.Helper()
	p := &policy.Policy{Ref: policy.Ref{Namespace: "default", Name: "argued"}}
	for i := range lists {
		p.Rules = append(p.Rules, policy.Rule{
			Field: fmt.Sprintf("spec.process.matchPaths[%d]", i), Category: policy.Process, Action: policy.Block,
			Match: policy.Matcher{Kind: policy.MatchPath, Path: fmt.Sprint("/bin/", i)}, AllowedArgs: []string{fmt.Sprint("-", i)},
		})
	}
	profile, err := policy.NewProfile([]*policy.Policy{p}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

func TestListsOfArgumentsAreBounded(t *testing.T) {
	if _, err := Compile(listed(t, maxArgumentLists)); err != nil {
		t.Errorf("%d lists: %v", maxArgumentLists, err)
	}
	_, err := Compile(listed(t, maxArgumentLists+1))
	var complexity *TooComplexError
	if !errors.As(err, &complexity) {
		t.Fatalf("one more: %v, want a TooComplexError", err)
	}
	if !slices.ContainsFunc(complexity.Rules, func(r string) bool { return strings.Contains(r, "spec.process.matchPaths[0]") }) {
		t.Errorf("the error names no rule: %v", err)
	}
}
