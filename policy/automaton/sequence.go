package automaton

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Interval is the bytes from Lo to Hi, both included.
type Interval struct{ Lo, Hi byte }

// AnyByte is the interval of all bytes.
var AnyByte = Interval{0, 255}

// BuildSequences compiles patterns of kind Sequence, all of them of one length, into an
// automaton over strings of that length. From the byte on after which it is certain what
// matches, the automaton stays in a sink. The error is as for Build.
func BuildSequences(patterns []Pattern, caps Caps) (*Automaton, error) {
	c, err := newContests(patterns)
	if err != nil {
		return nil, err
	}
	s := &sequences{contests: c, sets: newInterner(c), budget: newBudget(caps),
		links: map[link]int32{}, states: map[string]uint32{}, owners: map[int]int{}}
	var start []int32
	for _, p := range patterns {
		if err := p.checkSequence(len(patterns[0].Bytes)); err != nil {
			return nil, err
		}
		start = append(start, s.chain(p))
	}
	s.state(start)
	if err := s.explore(); err != nil {
		return nil, s.blame(err, patterns)
	}
	a := number(&s.rows, s.accept, merge(&s.rows, s.accept), 0, s.sets.sets)
	if err := s.budget.size(a); err != nil {
		return nil, s.blame(err, patterns)
	}
	return a, nil
}

func (p Pattern) checkSequence(length int) error {
	switch {
	case p.Kind != Sequence:
		return fmt.Errorf("build automaton: pattern %d is no sequence of intervals", p.ID)
	case len(p.Bytes) != length:
		return fmt.Errorf("build automaton: pattern %d has %d bytes, others have %d", p.ID, len(p.Bytes), length)
	}
	for _, b := range p.Bytes {
		if b.Lo > b.Hi {
			return fmt.Errorf("build automaton: pattern %d has an interval that ends before it begins", p.ID)
		}
	}
	return nil
}

// link is what a pattern still asks for: a byte of the interval, then what next asks for.
// Patterns of one ID share the links that are alike, so that thousands which end alike are one
// thing to go on with. The rest of a pattern is its first link.
type link struct {
	of   Interval
	next int32 // atEnd behind the last byte
	id   int
	// shape is the number of the link without its ID: rests of one shape match the same.
	shape int32
	// free: any bytes will do from here on, so the pattern has matched.
	free bool
}

const atEnd = -1

type sequences struct {
	contests contests
	sets     *interner
	budget   *budget

	links  map[link]int32
	chains []link

	states map[string]uint32
	alive  [][]int32 // of each state the rests that count; none for a sink
	accept []SetID   // of sinks
	rows   rows
	steps  int
	items  int
	owners map[int]int // how many states each pattern ID is alive in
}

// chain returns the first link of a pattern.
func (s *sequences) chain(p Pattern) int32 {
	next := s.link(link{next: atEnd, id: p.ID, free: true})
	for _, of := range slices.Backward(p.Bytes) {
		free := of == AnyByte && s.chains[next].free
		next = s.link(link{of: of, next: next, id: p.ID, free: free})
	}
	return next
}

func (s *sequences) link(l link) int32 {
	if n, ok := s.links[l]; ok {
		return n
	}
	n, key := int32(len(s.chains)), l
	l.shape = n
	s.chains = append(s.chains, l)
	s.links[key] = n
	if l.id != shapeOnly {
		// Numbered without the ID, links of one shape are one.
		bare := key
		bare.id = shapeOnly
		if l.next != atEnd {
			bare.next = s.chains[l.next].shape
		}
		s.chains[n].shape = s.link(bare)
	}
	return n
}

// shapeOnly is the ID of links that stand for a shape.
const shapeOnly = -1 << 62

// state returns the state in which these rests are to be matched.
func (s *sequences) state(rests []int32) uint32 {
	rests, settled := s.reduce(rests)
	key := make([]byte, 0, 4*len(rests)+4)
	for _, r := range rests {
		key = binary.LittleEndian.AppendUint32(key, uint32(r))
	}
	set := SetID(0)
	if len(rests) == 0 {
		set = s.sets.union(settled)
		key = binary.LittleEndian.AppendUint16(key, 0) // no multiple of four bytes
		key = binary.LittleEndian.AppendUint32(key, uint32(set))
	}
	if n, ok := s.states[string(key)]; ok {
		return n
	}
	n := uint32(len(s.alive))
	s.states[string(key)] = n
	s.alive = append(s.alive, rests)
	s.accept = append(s.accept, set)
	s.items += len(rests)
	for _, r := range rests {
		s.owners[s.chains[r].id]++
	}
	return n
}

// reduce drops the rests that can add nothing. Where all that remain have matched, it
// returns the IDs of those instead.
func (s *sequences) reduce(rests []int32) (remaining []int32, settled []int) {
	if len(rests) == 1 && !s.chains[rests[0]].free {
		return rests, nil
	}
	slices.SortFunc(rests, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.chains[a].shape, s.chains[b].shape), cmp.Compare(a, b))
	})
	rests = slices.Compact(rests)
	for _, r := range rests {
		if s.chains[r].free {
			settled = append(settled, s.chains[r].id)
		}
	}
	settled = s.contests.reduce(settled)
	open := false
	kept := rests[:0]
	for len(rests) > 0 {
		n := 1
		for n < len(rests) && s.chains[rests[n]].shape == s.chains[rests[0]].shape {
			n++
		}
		alike := rests[:n]
		rests = rests[n:]
		ids := settled
		if !s.chains[alike[0]].free {
			ids = s.open(alike, settled)
			open = open || len(ids) > 0
		}
		for _, r := range alike {
			if _, ok := slices.BinarySearch(ids, s.chains[r].id); ok {
				kept = append(kept, r)
			}
		}
	}
	if !open {
		return nil, settled
	}
	return slices.Clone(kept), nil
}

// open returns the IDs that count of rests of one shape, beside the patterns that are settled.
func (s *sequences) open(alike []int32, settled []int) []int {
	var ids []int
	for _, r := range alike {
		if id := s.chains[r].id; len(settled) == 0 || !s.contests.idle([]int{id}, settled) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 {
		return ids
	}
	return s.contests.reduce(ids)
}

// explore makes the rows of all states, those it finds on the way included.
func (s *sequences) explore() error {
	for n := 0; n < len(s.alive); n++ {
		if len(s.alive[n]) == 0 {
			s.rows.add(uint32(n), nil)
			continue
		}
		s.step(uint32(n))
		switch {
		case s.steps > maxSteps:
			return &TooComplexError{What: "steps to compile", Limit: maxSteps}
		case s.items > maxItems:
			return &TooComplexError{What: "rules that are not settled after each byte", Limit: maxItems}
		}
		if err := s.budget.spend(len(s.alive), len(s.rows.edges)); err != nil {
			return err
		}
	}
	return nil
}

// step makes the row of a state: bytes that no rest tells apart lead to one state.
func (s *sequences) step(n uint32) {
	alive := s.alive[n]
	if len(alive) == 1 {
		s.stepOne(n, s.chains[alive[0]])
		return
	}
	var cuts [257]bool
	for _, r := range alive {
		cuts[s.chains[r].of.Lo], cuts[int(s.chains[r].of.Hi)+1] = true, true
	}
	cuts[0] = true
	var segment [256]int // of each byte
	count := -1
	for b := range segment {
		if cuts[b] {
			count++
		}
		segment[b] = count
	}
	parts := make([][]int32, count+1)
	for _, r := range alive {
		l := s.chains[r]
		first, last := segment[l.of.Lo], segment[l.of.Hi]
		for i := first; i <= last; i++ {
			parts[i] = append(parts[i], l.next)
		}
		s.steps += last - first + 1
	}
	targets := make([]uint32, len(parts))
	for i, rests := range parts {
		targets[i] = s.state(rests)
	}
	bytes := map[uint32]int{}
	for _, i := range segment {
		bytes[targets[i]]++
	}
	def := targets[0]
	for to, n := range bytes {
		if n > bytes[def] || n == bytes[def] && to < def {
			def = to
		}
	}
	edges := make([]Edge, 0, 256-bytes[def])
	for b, i := range segment {
		if targets[i] != def {
			edges = append(edges, Edge{byte(b), State(targets[i])})
		}
	}
	s.rows.add(def, edges)
}

// stepOne makes the row of a state in which one rest is alive, as after most of an address.
func (s *sequences) stepOne(n uint32, l link) {
	s.steps++
	next := s.state([]int32{l.next})
	if l.of == AnyByte {
		s.rows.add(next, nil)
		return
	}
	none := s.state(nil)
	edges := make([]Edge, 0, int(l.of.Hi)-int(l.of.Lo)+1)
	for b := int(l.of.Lo); b <= int(l.of.Hi); b++ {
		edges = append(edges, Edge{byte(b), State(next)})
	}
	s.rows.add(none, edges)
}

// blame adds to a TooComplexError the patterns that most states still wait for.
func (s *sequences) blame(err error, patterns []Pattern) error {
	var complex *TooComplexError
	if !errors.As(err, &complex) {
		return err
	}
	var worst []Pattern
	seen := map[int]bool{}
	for _, p := range patterns {
		if !seen[p.ID] && s.owners[p.ID] > len(p.Bytes) {
			worst = append(worst, p)
		}
		seen[p.ID] = true
	}
	slices.SortStableFunc(worst, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(s.owners[b.ID], s.owners[a.ID]), cmp.Compare(a.ID, b.ID))
	})
	complex.Patterns = worst[:min(blamed, len(worst))]
	return complex
}
