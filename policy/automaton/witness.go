package automaton

// Witnesses returns for each set a name that it is the set of: the shortest, and of those
// the first in the order of bytes. The same automaton gives the same ones.
func (a *Automaton) Witnesses() []string {
	type step struct {
		from uint32
		by   byte
	}
	steps := make([]step, a.NumStates())
	seen := make([]bool, a.NumStates())
	names := make([]string, a.NumSets())
	found := make([]bool, a.NumSets())
	start := uint32(a.start)
	nameOf := func(s uint32) string {
		var back []byte
		for ; s != start; s = steps[s].from {
			back = append(back, steps[s].by)
		}
		for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
			back[i], back[j] = back[j], back[i]
		}
		return string(back)
	}
	seen[start] = true
	for queue := []uint32{start}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		if set := a.accept[s]; !found[set] {
			found[set], names[set] = true, nameOf(s)
		}
		// A name of the kernel's holds no zero byte.
		for b := 1; b < 256; b++ {
			if to := a.rows.next(s, byte(b)); !seen[to] {
				seen[to], steps[to] = true, step{s, byte(b)}
				queue = append(queue, to)
			}
		}
	}
	return names
}
