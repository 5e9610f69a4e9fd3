package automaton

import (
	"hash/maphash"
	"slices"
)

// item is a position that a name may have come to, together with what it takes
// for granted about UTF-8: position<<4 | wants<<3 | tail. With wants, the position
// is in the middle of taking a character, of which tail is missing. Without it,
// the position was reached by taking a byte for a character of its own, which holds
// only if the bytes to come are not that tail.
type item int32

const wants = 8

func newItem(position int32, t tail) item { return item(position<<4 | int32(t)) }

func (i item) position() int32 { return int32(i) >> 4 }
func (i item) tail() tail      { return tail(i & 7) }
func (i item) wants() bool     { return i&wants != 0 }
func (i item) sure() bool      { return i&15 == 0 }

// subsets numbers the sets of items that names come to, as they are asked for.
// Set 0 is the empty one.
type subsets struct {
	*nfa
	classes  *classes
	interest []byteSet // per position: the classes it tells from the rest
	high     byteSet   // the classes above 0x7f

	contests     contests
	forever      [][]int32 // per position that matches forever: those that stand for its IDs
	firstForever int32     // the first of these
	settled      []settled
	settledIndex map[string]int32

	items  []item   // of all sets, one after the other
	starts []uint32 // of the items of each set, and the end of the last
	has    []int32  // what each set settles
	index  map[uint64][]int32
	seed   maphash.Seed
	rows   map[int32]subsetRow
	steps  int
	buf    []item
	ids    []int
	key    []byte
}

type subsetRow struct {
	def   int32
	edges []subsetEdge // sorted by byte; a target may be def
}

type subsetEdge struct {
	byte byte
	to   int32
}

func newSubsets(n *nfa, c contests) *subsets {
	s := &subsets{nfa: n, contests: c, classes: newClasses(), starts: []uint32{0, 0}, has: []int32{nothingSettled}, seed: maphash.MakeSeed(),
		index: map[uint64][]int32{}, rows: map[int32]subsetRow{}}
	s.index[s.hash(nil)] = []int32{0}
	s.findForever()
	s.classify()
	return s
}

// classify finds the classes of bytes and what each position is interested in.
func (s *subsets) classify() {
	seen := map[byteSet]bool{}
	for _, p := range s.positions {
		if p.kind != accepts && !seen[p.set] {
			seen[p.set] = true
			s.classes.refine(p.set)
		}
	}
	if s.hasChars {
		for _, r := range [][2]byte{{0x80, 0x8f}, {0x90, 0x9f}, {0xa0, 0xbf}, {0xc0, 0xc1}, {0xc2, 0xdf},
			{0xe0, 0xe0}, {0xed, 0xed}, {0xe1, 0xef}, {0xf0, 0xf0}, {0xf1, 0xf3}, {0xf4, 0xf4}, {0xf5, 0xff}} {
			s.classes.refine(byteRange(r[0], r[1]))
		}
	}
	for b := 0x80; b < 0x100; b++ {
		s.high.add(s.classes.of[b])
	}
	s.interest = make([]byteSet, len(s.positions))
	for i, p := range s.positions {
		set := p.set
		if p.kind == takesBytes && set.count() > 128 {
			for w := range set {
				set[w] = ^set[w]
			}
		}
		for b := range 256 {
			if set.has(byte(b)) {
				s.interest[i].add(s.classes.of[b])
			}
		}
		if p.kind == takesChar {
			s.interest[i].addAll(&s.high)
		}
	}
}

func (s *subsets) hash(set []item) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, it := range set {
		h.Write([]byte{byte(it), byte(it >> 8), byte(it >> 16), byte(it >> 24)})
	}
	return h.Sum64()
}

// set returns the items of a set; they must not be changed.
func (s *subsets) set(id int32) []item { return s.items[s.starts[id]:s.starts[id+1]] }

// count returns the number of sets known so far.
func (s *subsets) count() int { return len(s.starts) - 1 }

// begin returns the set before the first byte.
func (s *subsets) begin() int32 {
	s.buf = s.buf[:0]
	for _, p := range s.first {
		s.buf = append(s.buf, newItem(p, complete))
	}
	return s.number()
}

// number reduces the items of buf to those that matter and returns their set.
func (s *subsets) number() int32 { return s.numberWithin(nil) }

// numberWithin does so where others are settled as well.
func (s *subsets) numberWithin(others []int) int32 {
	set, has := s.forget(s.reduce(), others)
	h := s.hash(set)
	for _, id := range s.index[h] {
		if slices.Equal(s.set(id), set) {
			return id
		}
	}
	id := int32(s.count())
	s.items = append(s.items, set...)
	s.starts = append(s.starts, uint32(len(s.items)))
	s.has = append(s.has, has)
	s.index[h] = append(s.index[h], id)
	return id
}

// reduce sorts buf and drops the items that add nothing to the others.
func (s *subsets) reduce() []item {
	var swallowed [16]int32 // up to where, by the lower bits of the star's item
	for i := range swallowed {
		swallowed[i] = -1
	}
	kept := s.buf[:0]
	sure := int32(-1) // the position kept last that takes nothing for granted
	s.settleForever()
	slices.Sort(s.buf)
	for i, it := range s.buf {
		p := it.position()
		if i > 0 && len(kept) > 0 && kept[len(kept)-1] == it {
			continue
		}
		if swallowed[0] >= p || swallowed[it&15] >= p || !it.wants() && sure == p {
			continue
		}
		if it.sure() {
			sure = p
		}
		swallowed[it&15] = max(swallowed[it&15], s.positions[p].swallows)
		kept = append(kept, it)
	}
	return kept
}

// accepted returns the lists of IDs of the globs that match a name which ends in
// a set.
func (s *subsets) accepted(id int32) [][]int {
	var lists [][]int
	for _, it := range s.set(id) {
		if p := &s.positions[it.position()]; p.kind == accepts && !it.wants() || p.forever && it.sure() {
			lists = append(lists, s.groups[p.group].ids)
		}
	}
	return lists
}

// next returns the set that b leads to from a set.
func (s *subsets) next(id int32, b byte) int32 {
	set := s.set(id)
	s.steps += len(set) + 1
	s.buf = s.buf[:0]
	for _, it := range set {
		s.step(it, b)
	}
	return s.number()
}

// step appends to buf what b leads to from an item.
func (s *subsets) step(it item, b byte) {
	p := &s.positions[it.position()]
	t, continues := it.tail().step(b)
	if it.wants() {
		switch {
		case continues && t == complete:
			s.enter(p.next, complete)
		case continues:
			s.buf = append(s.buf, newItem(it.position(), t)|wants)
		}
		return
	}
	if !continues {
		t = complete // what was taken for granted has come true
	} else if t == complete {
		return // it has not
	}
	switch p.kind {
	case takesBytes:
		if p.set.has(b) {
			s.enter(p.next, t)
		}
	case takesChar:
		if p.set.has(b) {
			return
		}
		if l := lead(b); l != complete {
			s.buf = append(s.buf, newItem(it.position(), l)|wants)
			t = l
		}
		s.enter(p.next, t)
	}
}

func (s *subsets) enter(positions []int32, t tail) {
	for _, p := range positions {
		s.buf = append(s.buf, newItem(p, t))
	}
}

// row returns the transitions of a set.
func (s *subsets) row(id int32) subsetRow {
	if r, ok := s.rows[id]; ok {
		return r
	}
	r := s.makeRow(id)
	s.rows[id] = r
	return r
}

func (s *subsets) makeRow(id int32) subsetRow {
	var interest byteSet
	for _, it := range s.set(id) {
		interest.addAll(&s.interest[it.position()])
		if it.tail() != complete {
			interest.addAll(&s.high)
		}
	}
	// All classes of no interest lead to one set, unless there is none.
	var to [256]int32
	var weight = map[int32]int{}
	rest := int32(-1)
	for c := range s.classes.members {
		if interest.has(byte(c)) {
			to[c] = s.next(id, s.classes.representative(byte(c)))
		} else {
			if rest < 0 {
				rest = s.next(id, s.classes.representative(byte(c)))
			}
			to[c] = rest
		}
		weight[to[c]] += s.classes.members[c].count()
	}
	def := to[0]
	for t, w := range weight {
		if w > weight[def] || w == weight[def] && t < def {
			def = t
		}
	}
	r := subsetRow{def: def}
	for b := range 256 {
		if t := to[s.classes.of[b]]; t != def {
			r.edges = append(r.edges, subsetEdge{byte(b), t})
		}
	}
	return r
}
