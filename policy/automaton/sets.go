package automaton

import "encoding/binary"

// interner numbers sets of IDs, reduced by their contests, the empty one 0.
type interner struct {
	contests contests
	index    map[string]SetID
	sets     [][]int
}

func newInterner(c contests) *interner {
	return &interner{contests: c, index: map[string]SetID{"": 0}, sets: [][]int{nil}}
}

// union numbers what counts of the union of the lists, which need not be sorted.
func (in *interner) union(lists ...[]int) SetID {
	var all []int
	for _, l := range lists {
		all = append(all, l...)
	}
	all = in.contests.reduce(all)
	key := make([]byte, 0, 8*len(all))
	for _, id := range all {
		key = binary.LittleEndian.AppendUint64(key, uint64(id))
	}
	if id, ok := in.index[string(key)]; ok {
		return id
	}
	id := SetID(len(in.sets))
	in.index[string(key)] = id
	in.sets = append(in.sets, all)
	return id
}
