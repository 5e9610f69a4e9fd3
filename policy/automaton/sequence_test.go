package automaton

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSequencesMatchAsTheirIntervalsSay compares the automaton, and its packed form, with a
// look at each pattern by itself.
func TestSequencesMatchAsTheirIntervalsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		length := 1 + r.IntN(4)
		patterns := randomSequences(r, length)
		a, err := BuildSequences(patterns, Caps{})
		if err != nil {
			t.Fatal(err)
		}
		packed := a.Pack()
		contests, err := newContests(patterns)
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			text := make([]byte, length)
			for i := range text {
				text[i] = byte(r.IntN(6) * 50)
			}
			var ids []int
			for _, p := range patterns {
				if p.takes(text) {
					ids = append(ids, p.ID)
				}
			}
			want := contests.reduce(ids)
			if got := a.Match(string(text)); !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Fatalf("%v: %v, want %v of %+v", text, got, want, patterns)
			}
			if got := a.Set(packed.Run(text)); !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Fatalf("%v: packed %v, want %v of %+v", text, got, want, patterns)
			}
		}
	}
}

func randomSequences(r *rand.Rand, length int) []Pattern {
	var patterns []Pattern
	for id := range r.IntN(8) {
		p := Pattern{ID: id, Kind: Sequence, Contest: r.IntN(3), Rank: r.IntN(4), Needs: uint32(r.IntN(4))}
		for range 1 + r.IntN(2) {
			p.Bytes = nil
			for range length {
				lo, hi := byte(r.IntN(6)*50), byte(r.IntN(6)*50)
				switch r.IntN(4) {
				case 0:
					lo, hi = 0, 255
				case 1:
					hi = lo
				}
				p.Bytes = append(p.Bytes, Interval{min(lo, hi), max(lo, hi)})
			}
			patterns = append(patterns, p)
		}
	}
	return patterns
}

func (p Pattern) takes(text []byte) bool {
	for i, b := range text {
		if b < p.Bytes[i].Lo || b > p.Bytes[i].Hi {
			return false
		}
	}
	return true
}

func TestSequencesThatEndAlikeShareTheirStates(t *testing.T) {
	var patterns []Pattern
	for i := range 200 {
		patterns = append(patterns, Pattern{ID: 1, Kind: Sequence, Bytes: []Interval{{byte(i), byte(i)}, {7, 9}, AnyByte}})
	}
	a, err := BuildSequences(patterns, Caps{})
	if err != nil || a.NumStates() != 4 {
		t.Errorf("%d states, %v: want the start, one before the second byte, and two ends", a.NumStates(), err)
	}
}

func TestSequencesThatAreWrongAreRefused(t *testing.T) {
	for name, patterns := range map[string][]Pattern{
		"another kind":       {{Kind: Exact, Path: "/a"}},
		"two lengths":        {{ID: 1, Kind: Sequence, Bytes: []Interval{AnyByte}}, {ID: 2, Kind: Sequence, Bytes: []Interval{AnyByte, AnyByte}}},
		"an interval turned": {{Kind: Sequence, Bytes: []Interval{{9, 3}}}},
	} {
		if _, err := BuildSequences(patterns, Caps{}); err == nil {
			t.Errorf("%s was compiled", name)
		}
	}
	if _, err := Build([]Pattern{{Kind: Sequence, Bytes: []Interval{AnyByte}}}, Caps{}); err == nil {
		t.Error("a sequence was taken for a path")
	}
}

func TestSequencesAreCapped(t *testing.T) {
	var patterns []Pattern
	for i := range 250 {
		b := byte(i)
		patterns = append(patterns, Pattern{ID: i, Kind: Sequence, Bytes: []Interval{{b, b}, {b, b}, {b, b}}},
			Pattern{ID: 1000 + i, Kind: Sequence, Bytes: []Interval{AnyByte, {b, b}, {0, b}}})
	}
	_, err := BuildSequences(patterns, Caps{States: 300})
	var refused *TooComplexError
	if !errors.As(err, &refused) || len(refused.Patterns) == 0 || refused.Patterns[0].ID < 1000 {
		t.Errorf("%v, want the states refused and one of the wide patterns named: %+v", err, refused)
	}
}
