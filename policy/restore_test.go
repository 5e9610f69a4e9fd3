package policy_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"kubearmor.io/policy"
	"kubearmor.io/policy/random"
)

func TestARestoredProfileIsTheSameAndDecidesTheSame(t *testing.T) {
	for seed := range uint64(300) {
		s := random.New(seed)
		p, err := policy.NewProfile(s.Policies(), s.Options())
		if err != nil {
			t.Fatal(err)
		}
		back, err := policy.RestoreProfile(p.Canonical())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if back.Hash() != p.Hash() {
			t.Fatalf("seed %d: another hash", seed)
		}
		for range 50 {
			op := s.Operation()
			if a, b := policy.Decide(p, &op), policy.Decide(back, &op); a.Report != b.Report || a.Verdict != b.Verdict || a.Policy != b.Policy || a.Rule != b.Rule {
				t.Fatalf("seed %d: %+v: %+v, restored %+v", seed, op, a, b)
			}
		}
	}
}

func TestARestoredProfileKeepsNamesThatAreNoText(t *testing.T) {
	root := fstest.MapFS{
		"bin/tool":         {Data: []byte("od\xff \x01d"), Mode: 0o777 | 1<<27},
		"bin/od\xff \x01d": {Data: []byte("x"), Mode: 0o755},
	}
	src := &policy.Policy{Ref: policy.Ref{Name: "p"}, Rules: []policy.Rule{{
		Field: "spec.process.matchPaths[0]", Match: policy.Matcher{Kind: policy.MatchPath, Path: "/bin/tool"},
	}}}
	p, err := policy.NewProfile([]*policy.Policy{src}, policy.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if p.Policies[0].Rules[0].Match.Path != "/bin/od\xff \x01d" {
		t.Fatalf("the link was not followed: %q", p.Policies[0].Rules[0].Match.Path)
	}
	back, err := policy.RestoreProfile(p.Canonical())
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Policies[0].Rules[0].Match.Path; got != "/bin/od\xff \x01d" {
		t.Errorf("restored %q", got)
	}
}

func TestAProfileOfAnotherVersionIsRefused(t *testing.T) {
	p, err := policy.NewProfile(random.New(1).Policies(), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"it has a field more": bytes.Replace(p.Canonical(), []byte("{"), []byte(`{"Newer":1,`), 1),
		"it is cut":           p.Canonical()[:40],
		"it is empty":         nil,
	} {
		if _, err := policy.RestoreProfile(text); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
