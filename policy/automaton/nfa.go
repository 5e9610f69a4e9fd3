package automaton

import (
	"slices"

	"kubearmor.io/policy/glob"
)

// The globs and base names together are one nondeterministic automaton without
// empty transitions. Its positions are numbered from the end of a glob to its
// beginning.

type positionKind uint8

const (
	takesBytes positionKind = iota // one byte of set
	takesChar                      // one character: not an ASCII one of set
	accepts                        // nothing: the glob has matched
)

type position struct {
	kind positionKind
	set  byteSet
	next []int32 // the positions after what it takes
	// Up to swallows, the positions after this one come earlier in the glob, and
	// lead to nothing that this one, a star, does not lead to as well: while a name
	// is at this position they can be forgotten.
	swallows int32
	group    int32 // whose position it is; shared where it is of several
	forever  bool  // a name that comes here matches the group, however it goes on
}

const shared = -1

type nfa struct {
	groups    []group
	positions []position
	first     []int32
	hasChars  bool
}

func newNFA(groups []group) (*nfa, error) {
	n := &nfa{groups: groups}
	var names []int32
	var globs []part
	bytes := 0
	for i, g := range groups {
		if bytes += len(g.path); bytes > maxGlobBytes {
			return nil, &TooComplexError{What: "bytes in globs", Limit: maxGlobBytes}
		}
		switch g.kind {
		case Base:
			names = append(names, int32(i))
		case Glob:
			globs = append(globs, newPart(int32(i), g.glob.Sequence()))
		}
	}
	n.first = n.addParts(globs)
	if len(names) > 0 {
		n.addNames(names)
	}
	return n, nil
}

func (n *nfa) add(p position) int32 {
	n.positions = append(n.positions, p)
	return int32(len(n.positions) - 1)
}

// addNames adds the base names: after any slash and at the beginning, a trie.
func (n *nfa) addNames(names []int32) {
	begin := n.names(names, 0)
	any := n.add(position{set: byteRange(0, 255), group: shared})
	slash := n.add(position{set: byteRange('/', '/'), next: begin, group: shared})
	n.positions[any].next = []int32{any, slash}
	n.first = append(append(n.first, any, slash), begin...)
}

// names adds the trie of names, which are sorted, agree in their first at bytes,
// and returns where it begins.
func (n *nfa) names(names []int32, at int) []int32 {
	var first []int32
	for len(names) > 0 {
		name := n.groups[names[0]].path
		if len(name) == at {
			first = append(first, n.add(position{kind: accepts, group: names[0]}))
			names = names[1:]
			continue
		}
		same := 1
		for same < len(names) && n.groups[names[same]].path[at] == name[at] {
			same++
		}
		next := n.names(names[:same], at+1)
		first = append(first, n.add(position{set: byteRange(name[at], name[at]), next: next, group: shared}))
		names = names[same:]
	}
	return first
}

// sequencer adds the positions of one glob, the last part first.
type sequencer struct {
	*nfa
	group int32
	// family: the positions are of several globs.
	family bool
	// chars: what counts characters follows, so stars must not end within one.
	chars bool
}

// sequence adds seq, to be followed by next, and returns where it begins.
func (s *sequencer) sequence(seq glob.Sequence, next []int32) []int32 {
	var runs, paths []int32 // stars whose swallows is still growing
	closeRuns := func() {
		s.swallow(runs)
		runs = nil
	}
	for _, node := range slices.Backward(seq) {
		switch node := node.(type) {
		case glob.Literal:
			for i := len(node) - 1; i >= 0; i-- {
				if node[i] == '/' {
					closeRuns()
				}
				next = []int32{s.take(position{set: byteRange(node[i], node[i]), next: next})}
			}
		case glob.Class:
			next = []int32{s.class(node, next)}
		case glob.AnyRun:
			next = s.star(byteRange('/', '/'), next)
			runs = append(runs, next[0])
		case glob.AnyPath:
			closeRuns()
			last := s.positions[next[0]].kind == accepts
			next = s.star(byteSet{}, next)
			at := &s.positions[next[0]]
			at.forever = last && at.kind == takesBytes && !s.family
			paths = append(paths, next[0])
		case glob.Alternation:
			if holdsSlash(node) {
				closeRuns()
			}
			s.chars = s.chars || countsChars(node)
			var all []int32
			for _, branch := range node {
				all = append(all, s.sequence(branch, next)...)
			}
			slices.Sort(all)
			next = slices.Compact(all)
		}
	}
	s.swallow(runs)
	s.swallow(paths)
	return next
}

func (s *sequencer) take(p position) int32 {
	p.group = s.group
	s.hasChars = s.hasChars || p.kind == takesChar
	return s.add(p)
}

// swallow ends what the stars swallow at the position added last.
func (s *sequencer) swallow(stars []int32) {
	for _, p := range stars {
		s.positions[p].swallows = int32(len(s.positions) - 1)
	}
}

func (s *sequencer) class(c glob.Class, next []int32) int32 {
	var set byteSet
	for b := byte(0); b < 0x80; b++ {
		if c.Set.Has(b) {
			set.add(b)
		}
	}
	if !c.Not {
		return s.take(position{set: set, next: next})
	}
	s.chars = true
	return s.take(position{kind: takesChar, set: set, next: next})
}

// star adds a run of anything but the bytes of not.
func (s *sequencer) star(not byteSet, next []int32) []int32 {
	p := position{kind: takesChar, set: not}
	if !s.chars {
		p.kind = takesBytes
		for i := range p.set {
			p.set[i] = ^not[i]
		}
	}
	at := s.take(p)
	begin := append([]int32{at}, next...)
	s.positions[at].next = begin
	return begin
}

func holdsSlash(alt glob.Alternation) bool {
	return anyNode(alt, func(n glob.Node) bool {
		lit, _ := n.(glob.Literal)
		return n == glob.Node(glob.AnyPath{}) || slices.Contains([]byte(lit), '/')
	})
}

func countsChars(alt glob.Alternation) bool {
	return anyNode(alt, func(n glob.Node) bool {
		c, ok := n.(glob.Class)
		return ok && c.Not
	})
}

// anyNode reports whether holds is true of a node within alt that is not an
// alternation.
func anyNode(alt glob.Alternation, holds func(glob.Node) bool) bool {
	for _, branch := range alt {
		for _, n := range branch {
			if inner, ok := n.(glob.Alternation); ok {
				if anyNode(inner, holds) {
					return true
				}
			} else if holds(n) {
				return true
			}
		}
	}
	return false
}
