package automaton

import "math"

// product runs the trie and the globs side by side. Its states are the pairs of a
// place in the trie and a set of glob items that some name leads to; a node of the
// trie is in one pair only, because one name leads to it.
type product struct {
	trie  *trie
	globs *subsets
	b     *budget

	alias   *Alias // nil: there is none
	marked  int32  // the node of its prefix
	aliased pair   // where prefix and name of the alias lead

	pairs  []pair
	ofNode []uint32 // the state of each node of the trie
	others map[pair]uint32
	pruned map[pair]pair

	rows   rows
	accept []SetID
	sets   *interner
	known  map[acceptKey]SetID
}

type pair struct {
	place int32
	globs int32
	also  int32 // single unless the name is judged under two spellings
}

// acceptKey is what the set of a state depends on; own is a node with IDs, or 0.
type acceptKey struct{ own, region, globs int32 }

const unseen = math.MaxUint32

func newProduct(t *trie, g *subsets, alias *Alias, b *budget) *product {
	p := &product{trie: t, globs: g, b: b, alias: alias, ofNode: make([]uint32, len(t.nodes)),
		others: map[pair]uint32{}, pruned: map[pair]pair{}, sets: newInterner(t.contests), known: map[acceptKey]SetID{}}
	for i := range p.ofNode {
		p.ofNode[i] = unseen
	}
	if alias != nil {
		p.marked = t.insert(0, alias.Prefix) // it is there
	}
	return p
}

// prune returns a pair less what adds nothing: what globs come to where directories settle
// it, and directories where globs do.
func (p *product) prune(at pair) pair {
	if at.also > single {
		return p.pruneTwin(at)
	}
	r, _ := p.trie.at(at.place)
	deep := p.trie.regions[r].up
	if at.globs == 0 || deep == outside && p.globs.has[at.globs] == nothingSettled {
		return at
	}
	key := pair{r, at.globs, single}
	to, ok := p.pruned[key]
	if !ok {
		to = key
		if deep != outside {
			to.globs = p.globs.within(at.globs, p.trie.regions[deep].ids)
		}
		if has := p.globs.has[to.globs]; has != nothingSettled {
			to.place = p.trie.beside(r, p.globs.settled[has].ids)
		}
		p.pruned[key] = to
	}
	if p.trie.isNode(at.place) {
		return pair{at.place, to.globs, at.also}
	}
	return pair{p.trie.regionPlace(to.place), to.globs, at.also}
}

// state numbers a pair in the order in which pairs are met.
func (p *product) state(at pair) uint32 {
	at = p.prune(at)
	if at.also == single && p.trie.isNode(at.place) {
		if p.ofNode[at.place] == unseen {
			p.ofNode[at.place] = uint32(len(p.pairs))
			p.pairs = append(p.pairs, at)
		}
		return p.ofNode[at.place]
	}
	s, ok := p.others[at]
	if !ok {
		s = uint32(len(p.pairs))
		p.others[at] = s
		p.pairs = append(p.pairs, at)
	}
	return s
}

// explore finds all states, their transitions and their sets.
func (p *product) explore() error {
	p.state(pair{0, p.globs.begin(), single})
	var edges []Edge
	for s := 0; s < len(p.pairs); s++ {
		at := p.pairs[s]
		var def uint32
		def, edges = p.row(at, edges[:0])
		p.rows.add(def, edges)
		p.accept = append(p.accept, p.acceptedAt(at))
		if err := p.within(); err != nil {
			return err
		}
	}
	return nil
}

func (p *product) within() error {
	if p.globs.steps > maxSteps {
		return &TooComplexError{What: "steps of glob matching", Limit: maxSteps}
	}
	if len(p.globs.items) > maxItems {
		return &TooComplexError{What: "glob positions", Limit: maxItems}
	}
	if len(p.others) > maxPairs {
		return &TooComplexError{What: "states for globs", Limit: maxPairs}
	}
	return p.b.spend(len(p.pairs), len(p.rows.edges))
}

// row returns the transitions of a pair: the children of its node, the slash that
// may lead out of its region, and the bytes that the globs tell apart, merged.
func (p *product) row(at pair, edges []Edge) (uint32, []Edge) {
	if at.also != single {
		return p.twinRow(at, edges)
	}
	region, child := p.trie.at(at.place)
	globs := p.globs.row(at.globs)
	def := p.state(pair{p.trie.regionPlace(region), globs.def, single})
	slash := p.trie.regions[region].up != region
	exceptions := globs.edges
	for child >= 0 || slash || len(exceptions) > 0 {
		b := 256
		if child >= 0 {
			b = int(p.trie.nodes[child].byte)
		}
		if slash {
			b = min(b, '/')
		}
		to := pair{0, globs.def, single}
		if len(exceptions) > 0 && int(exceptions[0].byte) <= b {
			b = int(exceptions[0].byte)
			to.globs = exceptions[0].to
			exceptions = exceptions[1:]
		}
		slash = slash && b != '/'
		if child >= 0 && int(p.trie.nodes[child].byte) == b {
			to.place = child
			child = p.trie.nodes[child].sibling
		} else {
			to.place = p.trie.step(region, byte(b))
		}
		edges = append(edges, Edge{byte(b), State(p.state(to))})
	}
	if p.alias != nil && at.place == p.marked {
		edges = p.withMarker(at, edges)
	}
	return def, edges
}

func (p *product) acceptedAt(at pair) SetID {
	if at.also != single {
		return p.twinAccepted(at)
	}
	own, around := p.trie.ids(at.place)
	key := acceptKey{globs: at.globs}
	key.region, _ = p.trie.at(at.place)
	if len(own) > 0 {
		key.own = at.place
	}
	id, ok := p.known[key]
	if !ok {
		id = p.sets.union(append(p.globs.accepted(at.globs), own, around)...)
		p.known[key] = id
	}
	return id
}
