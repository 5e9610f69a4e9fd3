package automaton

import (
	"cmp"
	"errors"
	"slices"
)

const blamedItems = 1 << 20 // items looked at to find whom to blame

// blame adds to a TooComplexError the globs that multiply the states most: those
// with the most distinct positions for a name to be at.
func (p *product) blame(err error) error {
	var complex *TooComplexError
	if !errors.As(err, &complex) {
		return err
	}
	type variant struct {
		group int32
		hash  uint64
	}
	seen := map[variant]bool{}
	count := make([]int, len(p.globs.groups))
	for id := int32(0); id < int32(p.globs.count()) && p.globs.starts[id] < blamedItems; id++ {
		set := p.globs.set(id)
		for len(set) > 0 {
			group := p.globs.positions[set[0].position()].group
			n := 1
			for n < len(set) && p.globs.positions[set[n].position()].group == group {
				n++
			}
			if v := (variant{group, p.globs.hash(set[:n])}); group >= 0 && p.globs.groups[group].glob != nil && !seen[v] {
				seen[v] = true
				count[group]++
			}
			set = set[n:]
		}
	}
	var worst []int
	for g, n := range count {
		if n > 1 {
			worst = append(worst, g)
		}
	}
	slices.SortFunc(worst, func(a, b int) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for _, i := range worst {
		g := &p.globs.groups[i]
		for _, id := range g.ids {
			complex.Patterns = append(complex.Patterns, Pattern{ID: id, Kind: g.kind, Glob: g.glob})
		}
	}
	return complex
}
