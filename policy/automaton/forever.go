package automaton

import (
	"encoding/binary"
	"slices"
)

// Once a name has come to the end of **/a/**, say, it matches whatever follows. Then all
// other ways to match that pattern, and all patterns that it beats, can be forgotten.
// Without this, **/a/**, **/b/** and so on would multiply.

// settled is a set of patterns that match however a name goes on.
type settled struct {
	ids  []int  // reduced
	idle []bool // by group+1: nothing that the group's positions lead to adds anything
}

const nothingSettled = 0

// findForever adds a position for each ID that a position which matches forever stands
// for. They are the last ones, and sets hold them instead of the globs' own.
func (s *subsets) findForever() {
	s.firstForever = int32(len(s.positions))
	s.forever = make([][]int32, len(s.positions))
	s.settled, s.settledIndex = []settled{{}}, map[string]int32{"": nothingSettled}
	ofID := map[int]int32{}
	for i := range s.forever {
		if !s.positions[i].forever {
			continue
		}
		for _, id := range s.groups[s.positions[i].group].ids {
			at, ok := ofID[id]
			if !ok {
				at = s.addForever(id)
				ofID[id] = at
			}
			s.forever[i] = append(s.forever[i], at)
		}
	}
}

func (s *subsets) addForever(id int) int32 {
	s.groups = append(slices.Clip(s.groups), group{kind: Glob, ids: []int{id}})
	at := s.add(position{set: byteRange(0, 255), group: int32(len(s.groups)) - 1, forever: true})
	s.positions[at].next = []int32{at}
	return at
}

// settleForever replaces the items of buf that match forever.
func (s *subsets) settleForever() {
	for i, n := 0, len(s.buf); i < n; i++ {
		p := s.buf[i].position()
		if p >= s.firstForever || !s.buf[i].sure() || s.forever[p] == nil {
			continue
		}
		for j, at := range s.forever[p] {
			if j == 0 {
				s.buf[i] = newItem(at, complete)
			} else {
				s.buf = append(s.buf, newItem(at, complete))
			}
		}
	}
}

// forget drops from a sorted set of items what adds nothing to what is settled: by the
// set itself, or by others, for good. It returns what the set settles.
func (s *subsets) forget(set []item, others []int) ([]item, int32) {
	n := len(set)
	for n > 0 && set[n-1].position() >= s.firstForever {
		n--
	}
	if n == len(set) && len(others) == 0 {
		return set, nothingSettled
	}
	s.ids = append(s.ids[:0], others...)
	for _, it := range set[n:] {
		s.ids = append(s.ids, s.idOf(it))
	}
	all := s.settle(s.contests.reduce(s.ids))
	idle := s.settled[all].idle
	kept := set[:0]
	for _, it := range set[:n] {
		if !idle[s.positions[it.position()].group+1] {
			kept = append(kept, it)
		}
	}
	s.ids = s.ids[:0]
	for _, it := range set[n:] {
		if id := s.idOf(it); slices.Contains(s.settled[all].ids, id) && !slices.Contains(others, id) {
			kept = append(kept, it)
			s.ids = append(s.ids, id)
		}
	}
	if len(others) == 0 {
		return kept, all
	}
	return kept, s.settle(s.contests.reduce(s.ids))
}

// idOf returns the ID that an item of a position added by findForever stands for.
func (s *subsets) idOf(it item) int { return s.groups[s.positions[it.position()].group].ids[0] }

// settle numbers a reduced set of IDs.
func (s *subsets) settle(ids []int) int32 {
	s.key = s.key[:0]
	for _, id := range ids {
		s.key = binary.LittleEndian.AppendUint64(s.key, uint64(id))
	}
	if n, ok := s.settledIndex[string(s.key)]; ok {
		return n
	}
	n := int32(len(s.settled))
	made := settled{ids: slices.Clone(ids), idle: make([]bool, len(s.groups)+1)}
	names := true // whether all base names, which share positions, are idle
	for i, g := range s.groups {
		if g.kind < Glob {
			continue
		}
		made.idle[i+1] = s.contests.idle(g.ids, made.ids)
		names = names && (g.kind != Base || made.idle[i+1])
	}
	made.idle[shared+1] = names
	s.settled, s.settledIndex[string(s.key)] = append(s.settled, made), n
	return n
}

// within returns the set that remains of one where others are settled as well.
func (s *subsets) within(id int32, others []int) int32 {
	s.buf = append(s.buf[:0], s.set(id)...)
	return s.numberWithin(others)
}
