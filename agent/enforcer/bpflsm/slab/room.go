package slab

import "slices"

// span is a piece of a slab in bytes; both numbers are multiples of Align.
type span struct{ at, size uint32 }

// room is the free space of one slab: spans in order, none touching another.
type room []span

func newRoom(size uint32) room { return room{{0, size}} }

// take returns the address of a piece of that size from the first span that has it.
func (r *room) take(size uint32) (at uint32, ok bool) {
	i := slices.IndexFunc(*r, func(s span) bool { return s.size >= size })
	if i < 0 {
		return 0, false
	}
	s := &(*r)[i]
	at = s.at
	s.at, s.size = s.at+size, s.size-size
	if s.size == 0 {
		*r = slices.Delete(*r, i, i+1)
	}
	return at, true
}

// give takes a piece back.
func (r *room) give(s span) {
	i, _ := slices.BinarySearchFunc(*r, s, func(a, b span) int { return int(a.at) - int(b.at) })
	*r = slices.Insert(*r, i, s)
	if i+1 < len(*r) && s.at+s.size == (*r)[i+1].at {
		(*r)[i].size += (*r)[i+1].size
		*r = slices.Delete(*r, i+1, i+2)
	}
	if i > 0 && (*r)[i-1].at+(*r)[i-1].size == s.at {
		(*r)[i-1].size += (*r)[i].size
		*r = slices.Delete(*r, i, i+1)
	}
}
