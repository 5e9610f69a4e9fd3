package matching

import "testing"

// What each decides is checked whenever it is measured.
func TestCasesHaveAsManyRulesAsTheySay(t *testing.T) {
	for _, c := range Cases() {
		if got := len(c.rules()); got != c.Rules {
			t.Errorf("%s: %d rules", c, got)
		}
	}
}

func TestMissedGoalsAreFound(t *testing.T) {
	path := Paths()[0]
	result := func(product, grown float64) Result {
		cases := []Case{{Path: path, Rules: 1}, {Path: path, Rules: 10_000}}
		return Result{Rows: rows(cases, []series{
			{{product, product, 900}, {100, 100, 100}, {100, 100, 100}},
			{{grown, grown, 900}, {100, 100, 100}, {100, 100, 100}},
		})}
	}
	for _, tt := range []struct {
		name           string
		product, grown float64
		missed         bool
	}{
		{"a sixth, whatever the rules, with one outlier", 16, 16, false},
		{"a fifth", 20, 20, true},
		{"dearer with more rules", 10, 16, true},
	} {
		if err := result(tt.product, tt.grown).Misses(Goal()); (err != nil) != tt.missed {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
