package automaton

import (
	"cmp"
	"slices"
)

// merge finds the states that are equal by partition refinement: states of one set
// are thought equal until one of their transitions shows that they are not. It
// returns for each state the first one equal to it.
//
// A block that splits leaves its largest part in place, so that a state is looked
// at again only when one of its targets moved to a part at most half as large:
// about n log n looks in all.
func merge(r *rows, accept []SetID) []uint32 {
	p := newPartition(r, accept)
	for len(p.queue) > 0 {
		block := p.queue[len(p.queue)-1]
		p.queue = p.queue[:len(p.queue)-1]
		p.blocks[block].queued = false
		p.split(block)
	}
	return p.firsts()
}

// partition holds the states by block. Within one, the touched states, whose
// transitions must be looked at again, come first.
type partition struct {
	rows   *rows
	class  []uint32 // the block of each state
	order  []uint32 // the states by block
	place  []int32  // of each state in order
	blocks []block
	queue  []int32

	preds      []uint32 // the states that lead to each state, one after the other
	predStarts []uint32
}

type block struct {
	start, touched, end int32 // touched: the end of the touched states
	queued              bool
}

func newPartition(r *rows, accept []SetID) *partition {
	n := r.len()
	p := &partition{rows: r, class: make([]uint32, n), order: make([]uint32, n), place: make([]int32, n)}
	for s := range p.order {
		p.order[s] = uint32(s)
	}
	slices.SortStableFunc(p.order, func(s, t uint32) int { return cmp.Compare(accept[s], accept[t]) })
	for start := 0; start < n; {
		end := start + 1
		for end < n && accept[p.order[end]] == accept[p.order[start]] {
			end++
		}
		p.addBlock(int32(start), int32(end))
		p.blocks[len(p.blocks)-1].touched = int32(end)
		p.enqueue(int32(len(p.blocks) - 1))
		start = end
	}
	p.invert()
	return p
}

// addBlock makes a block of the states from start to end of order.
func (p *partition) addBlock(start, end int32) {
	for i := start; i < end; i++ {
		p.place[p.order[i]] = i
		p.class[p.order[i]] = uint32(len(p.blocks))
	}
	p.blocks = append(p.blocks, block{start: start, touched: start, end: end})
}

func (p *partition) enqueue(b int32) {
	if !p.blocks[b].queued {
		p.blocks[b].queued = true
		p.queue = append(p.queue, b)
	}
}

// invert fills preds.
func (p *partition) invert() {
	p.predStarts = make([]uint32, p.rows.len()+1)
	each := func(visit func(from, to uint32)) {
		for s := range uint32(p.rows.len()) {
			def, edges := p.rows.row(s)
			visit(s, def)
			for _, e := range edges {
				visit(s, uint32(e.To))
			}
		}
	}
	each(func(_, to uint32) { p.predStarts[to+1]++ })
	for i := range p.rows.len() {
		p.predStarts[i+1] += p.predStarts[i]
	}
	p.preds = make([]uint32, p.predStarts[p.rows.len()])
	fill := append([]uint32(nil), p.predStarts...)
	each(func(from, to uint32) {
		p.preds[fill[to]] = from
		fill[to]++
	})
}

// touch has s looked at again.
func (p *partition) touch(s uint32) {
	id := int32(p.class[s])
	b := &p.blocks[id]
	at := p.place[s]
	if at < b.touched {
		return
	}
	other := p.order[b.touched]
	p.order[at], p.order[b.touched] = other, s
	p.place[other], p.place[s] = at, b.touched
	b.touched++
	p.enqueue(id)
}

// split parts a block by the transitions of its touched states; those of the
// untouched ones are all alike, so that they need not be looked at, nor moved.
func (p *partition) split(id int32) {
	b := &p.blocks[id]
	untouched := b.touched
	ends := p.sortTouched(b)
	b.touched = b.start
	if len(ends) == 0 || len(ends) == 1 && untouched == b.end {
		return
	}
	if last := ends[len(ends)-1]; last < b.end {
		ends = append(ends, b.end)
	}
	type part struct{ start, end int32 }
	var parts []part
	start, largest := b.start, 0
	for i, end := range ends {
		parts = append(parts, part{start, end})
		if end-start > parts[largest].end-parts[largest].start {
			largest = i
		}
		start = end
	}
	kept := parts[largest]
	b.start, b.touched, b.end = kept.start, kept.start, kept.end
	for i, part := range parts {
		if i != largest {
			p.addBlock(part.start, part.end)
		}
	}
	for i, part := range parts {
		if i != largest {
			p.touchPreds(part.start, part.end)
		}
	}
}

// touchPreds touches what leads to the states from start to end of order.
func (p *partition) touchPreds(start, end int32) {
	moved := append([]uint32(nil), p.order[start:end]...) // touching reorders
	for _, s := range moved {
		for _, pred := range p.preds[p.predStarts[s]:p.predStarts[s+1]] {
			p.touch(pred)
		}
	}
}

// sortTouched brings the touched states that are alike together, those that are
// like the untouched ones last, and returns where each group but these ends.
func (p *partition) sortTouched(b *block) []int32 {
	var groups [][]uint32
	byHash := map[uint64][]int{}
	if b.touched < b.end {
		like := p.order[b.touched]
		groups = append(groups, []uint32{like})
		byHash[hashRow(p.rows, like, p.class)] = []int{0}
	}
	hasUntouched := len(groups)
next:
	for _, s := range p.order[b.start:b.touched] {
		h := hashRow(p.rows, s, p.class)
		for _, i := range byHash[h] {
			if equalRows(p.rows, s, groups[i][0], p.class) {
				groups[i] = append(groups[i], s)
				continue next
			}
		}
		byHash[h] = append(byHash[h], len(groups))
		groups = append(groups, []uint32{s})
	}
	var ends []int32
	at := b.start
	place := func(s uint32) {
		p.order[at], p.place[s] = s, at
		at++
	}
	for _, g := range groups[hasUntouched:] {
		for _, s := range g {
			place(s)
		}
		ends = append(ends, at)
	}
	if hasUntouched > 0 {
		for _, s := range groups[0][1:] {
			place(s)
		}
	}
	return ends
}

// firsts returns for each state the first one of its block.
func (p *partition) firsts() []uint32 {
	first := make([]uint32, len(p.blocks))
	same := make([]uint32, len(p.class))
	for s := len(same) - 1; s >= 0; s-- {
		first[p.class[s]] = uint32(s)
	}
	for s := range same {
		same[s] = first[p.class[s]]
	}
	return same
}
