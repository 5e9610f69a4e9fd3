//go:build !guest

package policies

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kubearmor.io/policy"
)

const (
	samples = "../../../config/samples"
	guide   = "../../../docs/guides/samples.md"
)

// parse reads the policies of a sample; the Deployment beside them holds none.
func parse(t *testing.T, name string) []*policy.Policy {
	t.Helper()
	if filepath.Base(name) == "web-app.yaml" {
		return nil
	}
	all, err := policy.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s (%v)", pattern, err)
	}
	return names
}

func TestGuideSpeaksOfEverySampleAndEveryCompletedVariant(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range glob(t, samples+"/*.yaml") {
		for _, p := range parse(t, name) {
			if row := "| [" + p.Name + "]("; !strings.Contains(string(text), row) {
				t.Errorf("%s: the guide has no row %q", name, row)
			}
		}
	}
	for _, name := range glob(t, samples+"/completed/*.yaml") {
		if row := "`completed/" + filepath.Base(name) + "` |"; !strings.Contains(string(text), row) {
			t.Errorf("%s: the guide has no row with %q", name, row)
		}
	}
}

// A completed variant replaces the sample: it has its name and selects the same, and holds
// every rule of it, perhaps for a whole tree instead of a folder.
func TestCompletedVariantsOnlyAddToTheirSample(t *testing.T) {
	for _, name := range glob(t, samples+"/completed/*.yaml") {
		sample, completed := parse(t, filepath.Join(samples, filepath.Base(name)))[0], parse(t, name)[0]
		if sample.Ref != completed.Ref || fmt.Sprint(sample.Selector) != fmt.Sprint(completed.Selector) {
			t.Errorf("%s is %s for %v, its sample %s for %v", name, completed.Ref, completed.Selector, sample.Ref, sample.Selector)
		}
		has := map[string]bool{}
		for _, r := range completed.Rules {
			has[describe(r, r.Match.Recursive)] = true
		}
		for _, r := range sample.Rules {
			if !has[describe(r, r.Match.Recursive)] && !has[describe(r, true)] {
				t.Errorf("%s lacks the rule %s of its sample: %+v", name, r.Field, r.Match)
			}
			if r.Action == policy.Block && !has[describe(r, r.Match.Recursive)] {
				t.Errorf("%s changes the block %s of its sample", name, r.Field)
			}
		}
	}
}

// describe writes what a rule says, without its place in the policy.
func describe(r policy.Rule, recursive bool) string {
	m := r.Match
	return fmt.Sprint(r.Category, r.Action, m.Kind, m.Path, recursive, m.Name, m.Protocol, m.Capability, r.ReadOnly, r.OwnerOnly, r.FromSource)
}
