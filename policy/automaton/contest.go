package automaton

import (
	"cmp"
	"fmt"
	"slices"
)

// claim is what a pattern claims in its contest; see Pattern.
type claim struct {
	contest, rank int
	needs         uint32
}

// beats reports whether o does not count wherever c holds.
func (c claim) beats(o claim) bool {
	return c.contest != 0 && c.contest == o.contest && c.rank < o.rank && c.needs&^o.needs == 0
}

// contests holds the claims by pattern ID.
type contests map[int]claim

// newContests collects the claims; all patterns of one ID must make the same.
func newContests(patterns []Pattern) (contests, error) {
	c := contests{}
	for _, p := range patterns {
		own := claim{p.Contest, p.Rank, p.Needs}
		if other, ok := c[p.ID]; ok && other != own {
			return nil, fmt.Errorf("build automaton: pattern %d (%q): another pattern of this ID has another contest, rank or needs", p.ID, p.text())
		}
		c[p.ID] = own
	}
	return c, nil
}

// reduce sorts ids, drops those that occur twice or are beaten, and returns the rest.
func (c contests) reduce(ids []int) []int {
	slices.SortFunc(ids, func(a, b int) int {
		x, y := c[a], c[b]
		return cmp.Or(cmp.Compare(x.contest, y.contest), cmp.Compare(x.rank, y.rank), cmp.Compare(a, b))
	})
	kept := ids[:0]
	for _, id := range slices.Compact(ids) {
		if !c.anyBeats(kept, id) {
			kept = append(kept, id)
		}
	}
	slices.Sort(kept)
	return kept
}

// anyBeats reports whether one of ids, those of a contest together, beats id; those of
// the contest of id come last.
func (c contests) anyBeats(ids []int, id int) bool {
	own := c[id]
	for _, other := range slices.Backward(ids) {
		if c[other].contest != own.contest {
			return false
		}
		if c[other].beats(own) {
			return true
		}
	}
	return false
}

// idle reports whether none of ids adds anything to what is settled: each is in it or beaten.
func (c contests) idle(ids, settled []int) bool {
	for _, id := range ids {
		if !slices.ContainsFunc(settled, func(s int) bool { return s == id || c[s].beats(c[id]) }) {
			return false
		}
	}
	return true
}
