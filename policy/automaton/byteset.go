package automaton

import "math/bits"

// byteSet is a set of bytes, or of classes of bytes.
type byteSet [4]uint64

func (s *byteSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }
func (s *byteSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }

func (s *byteSet) addAll(o *byteSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *byteSet) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func byteRange(lo, hi byte) byteSet {
	var s byteSet
	for b := int(lo); b <= int(hi); b++ {
		s.add(byte(b))
	}
	return s
}

// classes divides the bytes into classes that no glob tells apart, at most 256.
type classes struct {
	of      [256]byte
	members []byteSet
}

func newClasses() *classes { return &classes{members: []byteSet{byteRange(0, 255)}} }

// refine splits the classes that lie partly in s.
func (c *classes) refine(s byteSet) {
	for i := range len(c.members) {
		var in, out byteSet
		for w := range s {
			in[w] = c.members[i][w] & s[w]
			out[w] = c.members[i][w] &^ s[w]
		}
		if in == (byteSet{}) || out == (byteSet{}) {
			continue
		}
		c.members[i] = out
		c.members = append(c.members, in)
	}
	for i := range c.members {
		for b := range 256 {
			if c.members[i].has(byte(b)) {
				c.of[b] = byte(i)
			}
		}
	}
}

// representative returns the lowest byte of a class.
func (c *classes) representative(class byte) byte {
	for w, bitsOf := range c.members[class] {
		if bitsOf != 0 {
			return byte(w*64 + bits.TrailingZeros64(bitsOf))
		}
	}
	return 0
}
