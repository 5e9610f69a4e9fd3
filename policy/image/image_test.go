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
