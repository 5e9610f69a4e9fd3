package image

import (
	"os"
	"strconv"
	"testing"

	"kubearmor.io/policy"
	"kubearmor.io/policy/random"
)

// TestImageDecidesAsTheEvaluator compares what the kernel would do with Decide, on random
// policies and operations.
func TestImageDecidesAsTheEvaluator(t *testing.T) {
	src := random.New(1)
	pairs, denied := 0, 0
	for pairs < wantedPairs(t, 30_000) {
		profile, err := policy.NewProfile(src.Policies(), src.Options())
		if err != nil {
			t.Fatal(err)
		}
		img, err := Compile(profile)
		if err != nil {
			t.Fatalf("%v\n%s", err, profile.Canonical())
		}
		for range 20 {
			op := src.Operation()
			got := img.Outcomes[Evaluate(img.Words, &op)]
			want := policy.Decide(profile, &op)
			if !SameOutcome(got, want) {
				t.Fatalf("image: %+v\nevaluator: %+v\noperation %+v\nprofile %s", got, want, op, profile.Canonical())
			}
			comparesTrace(t, img, profile, op.Source, src.Program())
			pairs++
			if want.Verdict == policy.Denied {
				denied++
			}
		}
	}
	if denied < pairs/10 || denied > pairs*9/10 {
		t.Errorf("%d of %d operations were denied: the random input has become one-sided", denied, pairs)
	}
}

// comparesTrace holds ptrace and secure execs against the evaluator.
func comparesTrace(t *testing.T, img *Image, profile *policy.Profile, caller, target policy.Names) {
	t.Helper()
	m := Interpret{img.Words}
	class, of := m.Source(SourceFor(caller)), m.Source(SourceFor(target))
	got, want := img.Outcomes[m.Trace(of, Caller{Source: class})], policy.DecideTrace(profile, caller, &target, policy.BPF().Enforces)
	if !SameOutcome(got, want) {
		t.Fatalf("image: %+v\nevaluator: %+v\n%+v ptraces %+v\nprofile %s", got, want, caller, target, profile.Canonical())
	}
	got, want = img.Outcomes[m.Outside()], policy.DecideTrace(profile, caller, nil, policy.BPF().Enforces)
	if !SameOutcome(got, want) {
		t.Fatalf("image: %+v\nevaluator: %+v\nptracing outside, profile %s", got, want, profile.Canonical())
	}
	if got, want := m.Secures(class), profile.SecuresExec(caller, policy.BPF().Enforces); got != want {
		t.Fatalf("an exec of %+v is made secure: %t, want %t\nprofile %s", caller, got, want, profile.Canonical())
	}
}

// wantedPairs is n, or what KUBEARMOR_RANDOM_PAIRS says.
func wantedPairs(t *testing.T, n int) int {
	if s := os.Getenv("KUBEARMOR_RANDOM_PAIRS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("KUBEARMOR_RANDOM_PAIRS: %v", err)
		}
	}
	return n
}
