package automaton

import (
	"errors"
	"slices"
)

// Alias has some names judged under two spellings. Below the directory Prefix (with its
// slash), a component can be marked by a byte before it that no name holds; a name so
// marked, Prefix+Marker+component+rest, is in the sets of both Prefix+component+rest and
// Prefix+Name+rest. This is how the caller's own /proc/<pid>/… is /proc/self/… as well.
// What holds no marker is judged as without an alias.
type Alias struct {
	Prefix, Name string
	Marker       byte
}

func (a *Alias) check() error {
	if a.Prefix == "" || a.Name == "" {
		return errors.New("build automaton: the prefix and the name of an alias must not be empty")
	}
	return nil
}

// A name that is judged under two spellings is at two places of the trie. Globs need no
// such thing: what they come to under either spelling is one set of items.
const (
	single = 0  // at one place
	waits  = -1 // the marked component is still being read; aliased is where the alias has led
	// From 1 on: the second place, plus one.
)

// mark returns the pair that the marker leads to from where the prefix has led, and finds
// where the alias leads.
func (p *product) mark(at pair) pair {
	to := at
	for _, b := range []byte(p.alias.Name) {
		to = pair{p.trie.next(to.place, int(b)), p.globs.row(to.globs).to(b), single}
	}
	p.aliased = to
	return pair{at.place, at.globs, waits}
}

// withMarker adds the transition to where the marker leads.
func (p *product) withMarker(at pair, edges []Edge) []Edge {
	e := Edge{p.alias.Marker, State(p.state(p.mark(at)))}
	i, ok := findByte(edges, e.Byte)
	if ok {
		edges[i] = e
		return edges
	}
	return slices.Insert(edges, i, e)
}

// other is no byte that a place or a set tells from the rest.
const other = -1

// next returns the place that a byte leads to.
func (t *trie) next(place int32, b int) int32 {
	region, child := t.at(place)
	for ; child >= 0; child = t.nodes[child].sibling {
		if int(t.nodes[child].byte) == b {
			return child
		}
	}
	if b == other {
		return t.regionPlace(region)
	}
	return t.step(region, byte(b))
}

// to returns the set that b leads to.
func (r subsetRow) to(b byte) int32 {
	for _, e := range r.edges {
		if e.byte == b {
			return e.to
		}
	}
	return r.def
}

// twinRow returns the transitions of a pair that is not single.
func (p *product) twinRow(at pair, edges []Edge) (uint32, []Edge) {
	globs := p.globs.row(at.globs)
	var bytes byteSet
	bytes.add('/')
	for _, e := range globs.edges {
		bytes.add(e.byte)
	}
	for _, place := range p.places(at) {
		_, child := p.trie.at(place)
		for ; child >= 0; child = p.trie.nodes[child].sibling {
			bytes.add(p.trie.nodes[child].byte)
		}
	}
	def := p.state(p.twinStep(at, other, globs.def))
	for b := range 256 {
		if bytes.has(byte(b)) {
			edges = append(edges, Edge{byte(b), State(p.state(p.twinStep(at, b, globs.to(byte(b)))))})
		}
	}
	return def, edges
}

// places returns the places of a pair.
func (p *product) places(at pair) []int32 {
	if at.also > single {
		return []int32{at.place, at.also - 1}
	}
	return []int32{at.place}
}

// twinStep returns the pair that b leads to, where the globs come to a set.
func (p *product) twinStep(at pair, b int, globs int32) pair {
	to := pair{p.trie.next(at.place, b), globs, at.also}
	switch {
	case at.also > single:
		to.also = p.trie.next(at.also-1, b) + 1
	case b == '/':
		to.globs = p.globs.union(globs, p.globs.row(p.aliased.globs).to('/'))
		to.also = p.trie.next(p.aliased.place, '/') + 1
	}
	return to
}

// pruneTwin does for a pair of two places what prune does for others. Two regions are one.
func (p *product) pruneTwin(at pair) pair {
	first, _ := p.trie.at(at.place)
	second, _ := p.trie.at(at.also - 1)
	if p.trie.isNode(at.place) || p.trie.isNode(at.also-1) {
		deep := func(r int32) []int { return p.trie.regions[p.trie.regions[r].up].ids }
		if ids := p.trie.contests.reduce(slices.Concat(deep(first), deep(second))); len(ids) > 0 && at.globs != 0 {
			at.globs = p.globs.within(at.globs, ids)
		}
		return at
	}
	return p.prune(pair{p.trie.regionPlace(p.trie.both(first, second)), at.globs, single})
}

// both returns the region in which everything matches that does in either.
func (t *trie) both(r, s int32) int32 {
	a, b := t.regions[r], t.regions[s]
	deep := t.inside(slices.Concat(t.regions[a.up].ids, t.regions[b.up].ids))
	return t.directlyIn(deep, slices.Concat(a.ids, b.ids))
}

// union returns the set of what is in either.
func (s *subsets) union(a, b int32) int32 {
	s.buf = append(append(s.buf[:0], s.set(a)...), s.set(b)...)
	return s.number()
}

// twinAccepted is the set of a pair that is not single.
func (p *product) twinAccepted(at pair) SetID {
	lists := p.globs.accepted(at.globs)
	places := p.places(at)
	if at.also == waits {
		lists = append(lists, p.globs.accepted(p.aliased.globs)...)
		places = append(places, p.aliased.place)
	}
	for _, place := range places {
		own, around := p.trie.ids(place)
		lists = append(lists, own, around)
	}
	return p.sets.union(lists...)
}
