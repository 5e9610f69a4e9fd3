package automaton

// number makes an automaton of states of which same[s] stands for s: it keeps
// those that can be reached, in the order of a breadth-first walk, sinks last, and
// gives each row the default that saves most.
func number(r *rows, accept []SetID, same []uint32, start uint32, sets [][]int) *Automaton {
	tidy, order := walk(r, same, same[start])
	newID := make([]uint32, len(order))
	var inner, sinks []uint32
	for i := range uint32(len(order)) {
		if tidy.isLoop(i) {
			sinks = append(sinks, i)
		} else {
			inner = append(inner, i)
		}
	}
	a := &Automaton{firstSink: State(len(inner)), sets: [][]int{nil}}
	ordered := append(inner, sinks...)
	for i, old := range ordered {
		newID[old] = uint32(i)
	}
	a.start = State(newID[0])
	newSet := map[SetID]SetID{0: 0}
	for _, old := range ordered {
		def, edges := tidy.row(old)
		for i := range edges {
			edges[i].To = State(newID[edges[i].To])
		}
		a.rows.add(newID[def], edges)
		set := accept[order[old]]
		if _, ok := newSet[set]; !ok {
			newSet[set] = SetID(len(a.sets))
			a.sets = append(a.sets, sets[set])
		}
		a.accept = append(a.accept, newSet[set])
	}
	return a
}

// walk numbers the states that can be reached from start breadth first; order
// holds the old number of each.
func walk(r *rows, same []uint32, start uint32) (rows, []uint32) {
	var tidy rows
	newID := make([]uint32, r.len())
	for i := range newID {
		newID[i] = unseen
	}
	order := []uint32{start}
	newID[start] = 0
	id := func(s uint32) uint32 {
		if newID[s] == unseen {
			newID[s] = uint32(len(order))
			order = append(order, s)
		}
		return newID[s]
	}
	var buf []Edge
	for i := 0; i < len(order); i++ {
		var def uint32
		def, buf = tidyRow(r, order[i], same, buf[:0])
		to := id(def)
		for j := range buf {
			buf[j].To = State(id(uint32(buf[j].To)))
		}
		tidy.add(to, buf)
	}
	return tidy, order
}

// tidyRow returns the row of s in terms of same, with the target of most bytes as
// the default, or the one of the lowest byte among several.
func tidyRow(r *rows, s uint32, same []uint32, buf []Edge) (uint32, []Edge) {
	def, edges := r.row(s)
	def = same[def]
	for _, e := range edges {
		if to := same[e.To]; to != def {
			buf = append(buf, Edge{e.Byte, State(to)})
		}
	}
	if len(buf) < 128 {
		return def, buf
	}
	var to [256]uint32
	for b := range to {
		to[b] = def
	}
	count := map[uint32]int{def: 256 - len(buf)}
	for _, e := range buf {
		to[e.Byte] = uint32(e.To)
		count[uint32(e.To)]++
	}
	best := to[0]
	for _, t := range to {
		if count[t] > count[best] {
			best = t
		}
	}
	buf = buf[:0]
	for b, t := range to {
		if t != best {
			buf = append(buf, Edge{byte(b), State(t)})
		}
	}
	return best, buf
}
