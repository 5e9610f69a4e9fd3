package automaton

import (
	"slices"
	"strings"
	"testing"
)

func TestOnlyWhatCountsIsInASet(t *testing.T) {
	claimed := func(p Pattern, contest, rank int, needs uint32) Pattern {
		p.Contest, p.Rank, p.Needs = contest, rank, needs
		return p
	}
	exact, dir, anywhere := pattern(t, 1, "exact /a/x"), pattern(t, 2, "below /a"), pattern(t, 3, "glob /**/a/**")
	tests := []struct {
		name     string
		patterns []Pattern
		path     string
		want     []int
	}{
		{"the smaller rank counts", []Pattern{claimed(exact, 1, 5, 0), claimed(dir, 1, 7, 0)}, "/a/x", []int{1}},
		{"where it does not match, the larger does", []Pattern{claimed(exact, 1, 5, 0), claimed(dir, 1, 7, 0)}, "/a/y", []int{2}},
		{"equal ranks both count", []Pattern{claimed(exact, 1, 5, 0), claimed(dir, 1, 5, 0)}, "/a/x", []int{1, 2}},
		{"patterns of two contests both count", []Pattern{claimed(exact, 1, 5, 0), claimed(dir, 2, 7, 0)}, "/a/x", []int{1, 2}},
		{"patterns of no contest all count", []Pattern{claimed(exact, 0, 5, 0), claimed(dir, 0, 7, 0)}, "/a/x", []int{1, 2}},
		{"what needs more does not stop what needs less", []Pattern{claimed(exact, 1, 5, 3), claimed(dir, 1, 7, 1)}, "/a/x", []int{1, 2}},
		{"what needs less stops what needs more", []Pattern{claimed(exact, 1, 5, 1), claimed(dir, 1, 7, 3)}, "/a/x", []int{1}},
		{"a directory stops a glob for good", []Pattern{claimed(dir, 1, 5, 0), claimed(anywhere, 1, 7, 0)}, "/a/b/a/c", []int{2}},
		{"a glob stops a directory for good", []Pattern{claimed(dir, 1, 7, 0), claimed(anywhere, 1, 5, 0)}, "/a/b/a/c", []int{3}},
		{"a glob does not stop a directory before it matches", []Pattern{claimed(dir, 1, 7, 0), claimed(anywhere, 1, 5, 0)}, "/a/b/c", []int{2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := build(t, tt.patterns).Match(tt.path); !slices.Equal(got, tt.want) {
				t.Errorf("Match(%q) = %v, want %v", tt.path, got, tt.want)
			}
		})
	}
}

func TestPatternsOfOneIDClaimTheSame(t *testing.T) {
	ps := patterns(t, "exact /a", "exact /b")
	ps[0].ID, ps[1].Rank = 2, 1
	if _, err := Build(ps, Caps{}); err == nil || !strings.Contains(err.Error(), "pattern 2") {
		t.Errorf("the error is %v, want one that names pattern 2", err)
	}
}
