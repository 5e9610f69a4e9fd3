package glob

import "unicode/utf8"

// The reference matcher runs all ways to match at once, so its time is at most
// the length of the name times the length of the glob, whatever the glob.

type opcode uint8

const (
	opUnit  opcode = iota // the character unit, then on
	opClass               // a character of class, then on
	opAny                 // any character, then on
	opSplit               // on, and at x too, without reading
	opJump                // at x, without reading
	opMatch
)

type instruction struct {
	op    opcode
	unit  rune
	x     int
	class Class
}

type program []instruction

// invalidUnit + b is the unit of a byte b that is part of no character.
const invalidUnit = utf8.MaxRune + 1

// nextUnit returns the first character of s, which is not empty, and its length.
func nextUnit(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return invalidUnit + rune(s[0]), 1
	}
	return r, n
}

func compile(seq Sequence) program {
	p := &program{}
	p.sequence(seq)
	p.add(instruction{op: opMatch})
	return *p
}

func (p *program) add(i instruction) int {
	*p = append(*p, i)
	return len(*p) - 1
}

func (p *program) sequence(seq Sequence) {
	for _, n := range seq {
		switch n := n.(type) {
		case Literal:
			for s := string(n); s != ""; {
				u, size := nextUnit(s)
				p.add(instruction{op: opUnit, unit: u})
				s = s[size:]
			}
		case Class:
			p.add(instruction{op: opClass, class: n})
		case AnyRun:
			p.star(instruction{op: opClass, class: anyChar()})
		case AnyPath:
			p.star(instruction{op: opAny})
		case Alternation:
			p.alternation(n)
		}
	}
}

func (p *program) star(body instruction) {
	split := p.add(instruction{op: opSplit})
	p.add(body)
	(*p)[split].x = p.add(instruction{op: opJump, x: split}) + 1
}

func (p *program) alternation(alt Alternation) {
	var ends []int
	for i, branch := range alt {
		split := -1
		if i+1 < len(alt) {
			split = p.add(instruction{op: opSplit})
		}
		p.sequence(branch)
		if split >= 0 {
			ends = append(ends, p.add(instruction{op: opJump}))
			(*p)[split].x = len(*p)
		}
	}
	for _, e := range ends {
		(*p)[e].x = len(*p)
	}
}

func (i *instruction) takes(u rune) bool {
	switch i.op {
	case opUnit:
		return i.unit == u
	case opAny:
		return true
	case opClass:
		return (u < 0x80 && i.class.Set.Has(byte(u))) != i.class.Not
	}
	return false
}

// threads is a set of instructions that read or match.
type threads struct {
	list []int
	seen []bool
}

func (t *threads) reset() {
	for _, pc := range t.list {
		t.seen[pc] = false
	}
	t.list = t.list[:0]
}

// enter adds what can be reached from pc without reading, depth first.
func (t *threads) enter(p program, pc int) {
	if t.seen[pc] {
		return
	}
	t.seen[pc] = true
	t.list = append(t.list, pc)
	switch p[pc].op {
	case opSplit:
		t.enter(p, pc+1)
		t.enter(p, p[pc].x)
	case opJump:
		t.enter(p, p[pc].x)
	}
}

// Match reports whether the glob matches the whole of name. Its time is at most
// proportional to len(name) times the length of the glob.
func (g *Glob) Match(name string) bool {
	p := g.prog
	now := &threads{seen: make([]bool, len(p))}
	next := &threads{seen: make([]bool, len(p))}
	now.enter(p, 0)
	for name != "" && len(now.list) > 0 {
		u, size := nextUnit(name)
		name = name[size:]
		next.reset()
		for _, pc := range now.list {
			if p[pc].takes(u) {
				next.enter(p, pc+1)
			}
		}
		now, next = next, now
	}
	return name == "" && now.seen[len(p)-1]
}
