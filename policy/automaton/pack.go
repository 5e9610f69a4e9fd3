package automaton

import (
	"math/bits"
	"slices"
)

// Packed is an automaton as the kernel runs it: the rows of all states lie in one array of
// cells, displaced so that they fill each other's gaps. A state's number is how far its row
// is displaced, so that a step along an exception is a single load that depends on the one
// before. Byte b leads from state s to Cells[s+b].Next if the Check of that cell is s, and to
// the state's default otherwise. Cells[s+RecordColumn] is the record of the state: its
// Next is the default, its Check holds what the state accepts.
type Packed struct {
	Cells     []Cell
	Start     uint32
	FirstSink uint32 // from this state on, no byte leads anywhere else
}

// Cell is an exception of the state Check, or the record of a state.
type Cell struct{ Check, Next uint32 }

const (
	// RecordColumn is where a state's record stands in its row. Behind the cells of the bytes
	// it adjoins the rows of globs, which have exceptions for most bytes that begin a character.
	RecordColumn = 256
	// Record marks the Check of a state's record, which is no state's number; the other
	// bits are the SetID of the patterns that match in that state.
	Record = 1 << 31
	// EmptyCell is the Check of a cell that belongs to no state.
	EmptyCell = 0xffffffff
)

const cellBytes = 8

// Size returns the bytes that the packed form takes.
func (p Packed) Size() int { return len(p.Cells) * cellBytes }

// Run returns the set of the patterns that match path. It is what the kernel does,
// step by step.
func (p Packed) Run(path []byte) SetID {
	s := p.Start
	for _, b := range path {
		if c := p.Cells[s+uint32(b)]; c.Check == s {
			s = c.Next
		} else if s = p.Cells[s+RecordColumn].Next; s >= p.FirstSink {
			break
		}
	}
	return SetID(p.Cells[s+RecordColumn].Check &^ Record)
}

// Pack returns the packed form. The same automaton gives the same one.
func (a *Automaton) Pack() Packed {
	// Long rows first: the short ones then fill the gaps that those leave.
	var byLength [256][]uint32
	for _, s := range a.depthFirst() {
		_, edges := a.rows.row(s)
		byLength[len(edges)] = append(byLength[len(edges)], s)
	}
	var pk packer
	number := make([]uint32, a.NumStates())
	for _, states := range slices.Backward(byLength[:]) {
		for _, s := range states {
			_, edges := a.rows.row(s)
			number[s] = pk.fit(edges)
		}
	}
	for s := uint32(a.firstSink); s < uint32(a.NumStates()); s++ {
		number[s] = pk.end + s - uint32(a.firstSink)
	}
	p := Packed{Start: number[a.start], FirstSink: pk.end}
	p.Cells = make([]Cell, pk.end+uint32(a.NumStates())-uint32(a.firstSink)+RecordColumn)
	for i := range p.Cells {
		p.Cells[i].Check = EmptyCell
	}
	for s, n := range number {
		def, edges := a.rows.row(uint32(s))
		p.Cells[n+RecordColumn] = Cell{Check: Record | uint32(a.accept[s]), Next: number[def]}
		for _, e := range edges {
			p.Cells[n+uint32(e.Byte)] = Cell{Check: n, Next: number[e.To]}
		}
	}
	return p
}

// depthFirst returns the states but the sinks in the order of a depth-first walk, so that
// the states along a name lie together, on few pages.
func (a *Automaton) depthFirst() []uint32 {
	order := make([]uint32, 0, a.firstSink)
	seen := make([]bool, a.NumStates())
	stack := []uint32{uint32(a.start)}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[s] || s >= uint32(a.firstSink) {
			continue
		}
		seen[s] = true
		order = append(order, s)
		def, edges := a.rows.row(s)
		stack = append(stack, def)
		for _, e := range slices.Backward(edges) {
			stack = append(stack, uint32(e.To))
		}
	}
	return order
}

// packer hands out the numbers of states.
type packer struct {
	used   []uint64 // a bit per cell
	hint   uint32   // no cell below is free
	retry  uint32   // where the search for long rows begins, and how long they are
	retryN int
	end    uint32 // behind the last number
}

// tries bounds the search for a gap that takes a row of several cells.
const tries = 256

// fit returns the number for a state with that row: the first one where all its cells are
// free. Rows come longest first; where one found no room, no row of its length looks
// again.
func (p *packer) fit(edges []Edge) uint32 {
	first := uint32(RecordColumn)
	if len(edges) > 0 {
		first = uint32(edges[0].Byte)
	}
	at := p.nextFree(max(p.hint, first))
	if len(edges) == p.retryN {
		at = p.nextFree(max(p.retry, first))
	}
	for n := 0; !p.fits(at-first, edges); n++ {
		if n == tries {
			p.retry, p.retryN = at, len(edges)
		}
		at = p.nextFree(at + 1)
	}
	number := at - first
	for _, e := range edges {
		p.take(number + uint32(e.Byte))
	}
	p.take(number + RecordColumn)
	p.end = max(p.end, number+1)
	p.hint = p.nextFree(p.hint)
	return number
}

func (p *packer) fits(number uint32, edges []Edge) bool {
	for _, e := range edges {
		if !p.free(number + uint32(e.Byte)) {
			return false
		}
	}
	return p.free(number + RecordColumn)
}

func (p *packer) take(i uint32) {
	for uint32(len(p.used)) <= i/64 {
		p.used = append(p.used, 0)
	}
	p.used[i/64] |= 1 << (i % 64)
}

func (p *packer) free(i uint32) bool {
	return i/64 >= uint32(len(p.used)) || p.used[i/64]>>(i%64)&1 == 0
}

// nextFree returns the first free cell from i on.
func (p *packer) nextFree(i uint32) uint32 {
	for i/64 < uint32(len(p.used)) {
		if gaps := ^p.used[i/64] >> (i % 64); gaps != 0 {
			return i + uint32(bits.TrailingZeros64(gaps))
		}
		i = (i/64 + 1) * 64
	}
	return i
}
