package automaton

// A tail is what is still missing of a UTF-8 character whose first bytes were
// read. complete means nothing.
type tail uint8

const (
	complete tail = iota
	tail1         // one byte
	tail2
	tail3
	tailE0 // two bytes, the first not below a0 (overlong)
	tailED // two bytes, the first not above 9f (surrogates)
	tailF0 // three bytes, the first not below 90 (overlong)
	tailF4 // three bytes, the first not above 8f (beyond 10ffff)

	numTails = 8
)

// lead returns what must follow b for it to begin a character of several bytes;
// complete where it begins none.
func lead(b byte) tail {
	switch {
	case b < 0xc2 || b > 0xf4:
		return complete
	case b < 0xe0:
		return tail1
	case b == 0xe0:
		return tailE0
	case b == 0xed:
		return tailED
	case b < 0xf0:
		return tail2
	case b == 0xf0:
		return tailF0
	case b == 0xf4:
		return tailF4
	}
	return tail3
}

// step returns what is missing after b; false if b does not continue the character.
func (t tail) step(b byte) (tail, bool) {
	lo, hi, then := byte(0x80), byte(0xbf), complete
	switch t {
	case complete:
		return complete, false
	case tail2:
		then = tail1
	case tail3:
		then = tail2
	case tailE0:
		lo, then = 0xa0, tail1
	case tailED:
		hi, then = 0x9f, tail1
	case tailF0:
		lo, then = 0x90, tail2
	case tailF4:
		hi, then = 0x8f, tail2
	}
	return then, b >= lo && b <= hi
}
