package automaton

import (
	"fmt"
	"slices"
)

// The trie holds exact paths and directories. A node is a prefix of one of them;
// what is no node is in a region: in some recursive directories, and perhaps
// directly in a directory. Regions follow from the node where a name leaves the
// trie and change only at a slash.

// node is a node of the trie; its index is above that of its parent.
type node struct {
	firstChild, lastChild, sibling int32
	byte                           byte
	ids                            []int // of the patterns that are this very path

	dirIDs, recIDs []int // of directories whose contents begin here
	region         int32 // the region that a byte without a node leads to
}

// region is a set of names below a directory that need no node.
type region struct {
	ids []int // of the patterns that match in it
	up  int32 // the region after a slash; itself for all but direct contents
}

const outside = 0 // the region of no directory

type trie struct {
	nodes    []node // the root is 0
	regions  []region
	contests contests
	index    map[string]int32 // of regions, by what they are
}

// newTrie builds the trie; the groups are sorted by kind and path. The prefix of an alias has
// its nodes, too.
func newTrie(groups []group, alias *Alias, c contests, b *budget) (*trie, error) {
	t := &trie{nodes: []node{{firstChild: -1, lastChild: -1, sibling: -1}}, regions: []region{{up: outside}},
		contests: c, index: map[string]int32{"": outside}}
	for _, g := range groups {
		if g.kind > DirRecursive {
			continue
		}
		n := t.insert(0, g.path)
		t.nodes[n].ids = append(t.nodes[n].ids, g.ids...)
		if g.kind != Exact {
			if g.path != "/" {
				n = t.insert(n, "/")
			}
			if g.kind == Dir {
				t.nodes[n].dirIDs = g.ids
			} else {
				t.nodes[n].recIDs = g.ids
			}
		}
		if err := b.spend(len(t.nodes), 0); err != nil {
			return nil, err
		}
	}
	if alias != nil {
		t.insert(0, alias.Prefix)
	}
	t.place(0, outside, outside)
	return t, nil
}

func (t *trie) insert(n int32, path string) int32 {
	for i := range len(path) {
		n = t.child(n, path[i])
	}
	return n
}

// child returns the child of n for b, made if it is missing; children are in the
// order of their bytes.
func (t *trie) child(n int32, b byte) int32 {
	prev, next := int32(-1), t.nodes[n].firstChild
	if last := t.nodes[n].lastChild; last >= 0 && t.nodes[last].byte <= b {
		// Paths come sorted, so that it is nearly always the last.
		if t.nodes[last].byte == b {
			return last
		}
		prev, next = last, -1
	}
	for next >= 0 && t.nodes[next].byte < b {
		prev, next = next, t.nodes[next].sibling
	}
	if next >= 0 && t.nodes[next].byte == b {
		return next
	}
	c := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{firstChild: -1, lastChild: -1, sibling: next, byte: b})
	if prev < 0 {
		t.nodes[n].firstChild = c
	} else {
		t.nodes[prev].sibling = c
	}
	if next < 0 {
		t.nodes[n].lastChild = c
	}
	return c
}

// place finds the region of n and of all nodes below it. around is the region of
// the parent, deep the one after its next slash.
func (t *trie) place(root, around, deep int32) {
	type work struct{ n, around, deep int32 }
	todo := []work{{root, around, deep}}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := &t.nodes[w.n]
		if n.byte == '/' {
			w.around = w.deep
		}
		if n.recIDs != nil {
			w.deep = t.inside(append(slices.Clone(n.recIDs), t.regions[w.deep].ids...))
			w.around = w.deep
		}
		if n.dirIDs != nil {
			w.around = t.directlyIn(w.deep, n.dirIDs)
		}
		n.region = w.around
		for c := n.firstChild; c >= 0; c = t.nodes[c].sibling {
			todo = append(todo, work{c, w.around, w.deep})
		}
	}
}

// inside returns the region where ids match at any depth.
func (t *trie) inside(ids []int) int32 {
	return t.region(region{ids: t.contests.reduce(ids), up: itself})
}

// directlyIn returns the region where ids match up to the next slash, in the region deep.
func (t *trie) directlyIn(deep int32, ids []int) int32 {
	all := t.contests.reduce(append(slices.Clone(ids), t.regions[deep].ids...))
	if slices.Equal(all, t.regions[deep].ids) {
		return deep
	}
	return t.region(region{ids: all, up: deep})
}

const itself = -1

// region returns the one region that is as r says.
func (t *trie) region(r region) int32 {
	if len(r.ids) == 0 {
		return outside
	}
	key := fmt.Sprint(r.up, r.ids)
	n, ok := t.index[key]
	if !ok {
		n = int32(len(t.regions))
		t.index[key] = n
		if r.up == itself {
			r.up = n
		}
		t.regions = append(t.regions, r)
	}
	return n
}

// beside returns the region that remains of one where patterns are settled besides.
func (t *trie) beside(r int32, settled []int) int32 {
	remains := func(ids []int) []int {
		return slices.DeleteFunc(slices.Clone(ids), func(id int) bool {
			return t.contests.idle([]int{id}, settled)
		})
	}
	deep := t.inside(remains(t.regions[t.regions[r].up].ids))
	if t.regions[r].up == r {
		return deep
	}
	return t.directlyIn(deep, remains(t.regions[r].ids))
}

// A place is a node of the trie or, from len(nodes) on, a region.

func (t *trie) regionPlace(r int32) int32 { return int32(len(t.nodes)) + r }

func (t *trie) isNode(place int32) bool { return int(place) < len(t.nodes) }

// at returns the region of a place, and its node's first child or -1.
func (t *trie) at(place int32) (region, firstChild int32) {
	if t.isNode(place) {
		return t.nodes[place].region, t.nodes[place].firstChild
	}
	return place - int32(len(t.nodes)), -1
}

// step returns the place that a byte leads to when no child takes it.
func (t *trie) step(region int32, b byte) int32 {
	if b == '/' {
		region = t.regions[region].up
	}
	return t.regionPlace(region)
}

// ids returns the lists of the IDs of the patterns that match at a place.
func (t *trie) ids(place int32) (own, around []int) {
	r, _ := t.at(place)
	if t.isNode(place) {
		own = t.nodes[place].ids
	}
	return own, t.regions[r].ids
}
