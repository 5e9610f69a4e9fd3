package glob

import (
	"fmt"
	"strings"
)

// Rebase returns globs that together match to+rest for each from+rest that g matches, and
// nothing else. Both are taken literally and end with a slash. It is how a glob is written for
// a folder's other name. The error says that one of them would be longer than MaxLength.
func (g *Glob) Rebase(from, to string) ([]*Glob, error) {
	r := rebase{to: Literal(to), seen: map[string]bool{}}
	r.read(g.seq, from)
	if r.tooLong {
		return nil, fmt.Errorf("glob %q, written for %s, has more than %d bytes", g, to, MaxLength)
	}
	return r.found, nil
}

// rebase reads what stands before the rest, along all ways through a glob.
type rebase struct {
	to    Literal
	seen  map[string]bool // what is left of the glob, and of what is to be read
	found []*Glob

	tooLong bool
}

func (r *rebase) read(seq Sequence, from string) {
	var key strings.Builder
	seq.render(&key, false)
	key.WriteByte(0)
	key.WriteString(from)
	if r.seen[key.String()] {
		return
	}
	r.seen[key.String()] = true
	if from == "" {
		g := fromSequence(Sequence{r.to}.join(seq...))
		r.tooLong = r.tooLong || len(g.src) > MaxLength
		// What is no glob, such as one that ends with a slash, matches no name.
		if g, err := Parse(g.src); err == nil {
			r.found = append(r.found, g)
		}
		return
	}
	if len(seq) == 0 {
		return
	}
	unit, size := nextUnit(from)
	rest := seq[1:]
	switch n := seq[0].(type) {
	case Literal:
		same := min(len(n), len(from))
		if string(n[:same]) == from[:same] {
			r.read(Sequence{}.join(n[same:]).join(rest...), from[same:])
		}
	case Class:
		if (&instruction{op: opClass, class: n}).takes(unit) {
			r.read(rest, from[size:])
		}
	case AnyRun:
		r.read(rest, from)
		if unit != '/' {
			r.read(seq, from[size:])
		}
	case AnyPath:
		r.read(rest, from)
		r.read(seq, from[size:])
	case Alternation:
		for _, branch := range n {
			r.read(Sequence{}.join(branch...).join(rest...), from)
		}
	}
}

// Exactly returns the glob that matches a name and no other.
func Exactly(name string) *Glob { return fromSequence(Sequence{Literal(name)}) }
