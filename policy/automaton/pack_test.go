package automaton

import (
	"maps"
	"slices"
	"testing"
)

func TestPackedRowsAreTheRows(t *testing.T) {
	for _, ps := range [][]Pattern{nil, mixed(t, 200, 20), patterns(t, numbered(10, "/x#/????[^a]??#/*?")...)} {
		a := build(t, ps)
		p := a.Pack()
		if len(p.Cells) < 256 {
			t.Fatalf("%d cells do not hold a row", len(p.Cells))
		}
		owned := 0
		for _, c := range p.Cells {
			if c.Check != EmptyCell {
				owned++
			}
		}
		if owned != a.NumEdges()+a.NumStates() {
			t.Errorf("%d cells are in use, want one for each of %d exceptions and %d states", owned, a.NumEdges(), a.NumStates())
		}
		if gaps := len(p.Cells) - owned; gaps > 512+owned/2 {
			t.Errorf("%d gaps between %d cells", gaps, owned)
		}
		packedAs := map[State]uint32{a.start: p.Start}
		for todo := []State{a.start}; len(todo) > 0; todo = todo[1:] {
			s, n := todo[0], packedAs[todo[0]]
			if sink := n >= p.FirstSink; sink != (s >= a.firstSink) {
				t.Fatalf("state %d is packed as %d, whose being a sink is %t", s, n, sink)
			}
			if int(n)+256 >= len(p.Cells) {
				t.Fatalf("state %d is packed as %d, out of range of %d cells", s, n, len(p.Cells))
			}
			if got, want := p.Cells[n+RecordColumn].Check, Record|uint32(a.accept[s]); got != want {
				t.Fatalf("state %d, packed as %d, accepts %d, want %d", s, n, got, want)
			}
			for b := range 256 {
				next := p.Cells[n+RecordColumn].Next
				if c := p.Cells[n+uint32(b)]; c.Check == n {
					next = c.Next
				}
				want := a.Next(s, byte(b))
				if known, ok := packedAs[want]; !ok {
					packedAs[want] = next
					todo = append(todo, want)
				} else if next != known {
					t.Fatalf("state %d, byte %d: leads to %d, want %d for state %d", s, b, next, known, want)
				}
			}
		}
		if len(packedAs) != a.NumStates() {
			t.Errorf("%d of %d states are packed", len(packedAs), a.NumStates())
		}
		numbers := slices.Sorted(maps.Values(packedAs))
		if distinct := slices.Compact(numbers); len(distinct) != a.NumStates() {
			t.Errorf("%d states share %d numbers", a.NumStates(), len(distinct))
		}
	}
}

func TestRowsOfPathsPackWithFewGaps(t *testing.T) {
	a := build(t, mixed(t, 2000, 200))
	if cells, parts := len(a.Pack().Cells), a.NumEdges()+a.NumStates(); cells > parts+parts/5+512 {
		t.Errorf("%d cells for %d exceptions and states", cells, parts)
	}
}
