package automaton

import "slices"

// State is a state of an automaton, from 0 to NumStates()-1.
type State uint32

// SetID names a set of patterns; 0 is the empty set.
type SetID uint32

// Edge is a transition that is not the default one of its state.
type Edge struct {
	Byte byte
	To   State
}

// Automaton is a deterministic automaton over bytes, complete and minimal or
// nearly so. It is never changed, and is safe for concurrent use.
type Automaton struct {
	rows      rows
	accept    []SetID
	sets      [][]int
	start     State
	firstSink State
}

// Start returns the state before the first byte.
func (a *Automaton) Start() State { return a.start }

// NumStates returns the number of states.
func (a *Automaton) NumStates() int { return len(a.accept) }

// NumSets returns the number of sets, the empty one included.
func (a *Automaton) NumSets() int { return len(a.sets) }

// NumEdges returns the number of transitions that are not default ones.
func (a *Automaton) NumEdges() int { return len(a.rows.edges) }

// Next returns the state that b leads to from s.
func (a *Automaton) Next(s State, b byte) State { return State(a.rows.next(uint32(s), b)) }

// Accept returns the set of the patterns that match a path which ends in s, less those
// that are beaten.
func (a *Automaton) Accept(s State) SetID { return a.accept[s] }

// Set returns the pattern IDs of a set, sorted. The caller must not change them.
func (a *Automaton) Set(id SetID) []int { return a.sets[id] }

// FirstSink returns the first of the states that nothing leads out of; they are
// the last ones. It is NumStates() if there is none.
func (a *Automaton) FirstSink() State { return a.firstSink }

// IsSink reports whether every byte leads from s to s.
func (a *Automaton) IsSink(s State) bool { return s >= a.firstSink }

// Row returns the state that most bytes lead to from s, and the other transitions
// in the order of their bytes. The caller must not change them.
func (a *Automaton) Row(s State) (def State, exceptions []Edge) {
	d, edges := a.rows.row(uint32(s))
	return State(d), edges
}

// Run returns the state that path leads to.
func (a *Automaton) Run(path string) State {
	s := a.start
	for i := 0; i < len(path) && s < a.firstSink; i++ {
		s = a.Next(s, path[i])
	}
	return s
}

// Match returns the IDs of the patterns that match path and are not beaten, sorted. The
// caller must not change them.
func (a *Automaton) Match(path string) []int { return a.sets[a.accept[a.Run(path)]] }

// rows are the transitions of states, in the order of the states: a default
// target and the edges that differ from it, sorted by byte.
type rows struct {
	defs   []uint32
	starts []uint32 // of the edges of each state, and the end of the last
	edges  []Edge
}

func (r *rows) len() int { return len(r.defs) }

func (r *rows) row(s uint32) (uint32, []Edge) {
	return r.defs[s], r.edges[r.starts[s]:r.starts[s+1]]
}

func (r *rows) next(s uint32, b byte) uint32 {
	def, edges := r.row(s)
	if i, ok := findByte(edges, b); ok {
		return uint32(edges[i].To)
	}
	return def
}

func findByte(edges []Edge, b byte) (int, bool) {
	return slices.BinarySearchFunc(edges, b, func(e Edge, b byte) int { return int(e.Byte) - int(b) })
}

// add appends the row of the next state; edges that lead to def are left out.
func (r *rows) add(def uint32, edges []Edge) {
	if len(r.starts) == 0 {
		r.starts = append(r.starts, 0)
	}
	r.defs = append(r.defs, def)
	for _, e := range edges {
		if uint32(e.To) != def {
			r.edges = append(r.edges, e)
		}
	}
	r.starts = append(r.starts, uint32(len(r.edges)))
}

// isLoop reports whether every byte leads from s to s.
func (r *rows) isLoop(s uint32) bool {
	return r.defs[s] == s && r.starts[s] == r.starts[s+1]
}
