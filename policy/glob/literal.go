package glob

import "strings"

// LiteralPrefix returns the bytes before the first wildcard or alternation,
// unescaped. It is what every name that the glob matches begins with.
func (g *Glob) LiteralPrefix() string {
	if len(g.seq) == 0 {
		return ""
	}
	lit, _ := g.seq[0].(Literal)
	return string(lit)
}

// LiteralDir returns the longest literal directory that the glob begins with:
// "/usr/lib/postgresql" for /usr/lib/postgresql/*/bin/x, "/" for /*, "" for what
// begins with **. In a glob without a wildcard it is the directory of that name.
func (g *Glob) LiteralDir() string {
	prefix := g.LiteralPrefix()
	switch i := strings.LastIndexByte(prefix, '/'); i {
	case -1:
		return ""
	case 0:
		return "/"
	default:
		return prefix[:i]
	}
}

// WithDir returns the glob with its LiteralDir replaced by dir, an absolute
// directory taken literally, such as the one that links in LiteralDir lead to.
// A glob whose LiteralDir is "" is returned as it is.
func (g *Glob) WithDir(dir string) *Glob {
	prefix := g.LiteralPrefix()
	i := strings.LastIndexByte(prefix, '/')
	if i < 0 || dir == g.LiteralDir() {
		return g
	}
	lit := Literal(strings.TrimRight(dir, "/") + prefix[i:])
	return fromSequence(Sequence{lit}.join(g.seq[1:]...))
}

// LiteralBytes counts the bytes that stand for themselves: the measure of how
// specific a glob is. An alternation counts its shortest branch, a class nothing.
func (g *Glob) LiteralBytes() int { return g.seq.literalBytes() }

func (s Sequence) literalBytes() int {
	n := 0
	for _, node := range s {
		switch node := node.(type) {
		case Literal:
			n += len(node)
		case Alternation:
			shortest := node[0].literalBytes()
			for _, branch := range node[1:] {
				shortest = min(shortest, branch.literalBytes())
			}
			n += shortest
		}
	}
	return n
}

// Expand returns globs that together match what g does, with the alternations
// before the first wildcard written out, so that LiteralDir says for each as much
// as can be said: /bin/x* and /sbin/x* for /{bin,sbin}/x*. There are at most
// MaxAlternatives of them.
func (g *Glob) Expand() []*Glob {
	if _, ok := g.leadingAlternation(); !ok {
		return []*Glob{g}
	}
	var out []*Glob
	for _, seq := range expand(g.seq) {
		out = append(out, fromSequence(seq))
	}
	return out
}

func (g *Glob) leadingAlternation() (Alternation, bool) { return leadingAlternation(g.seq) }

// leadingAlternation returns the alternation that stands before any wildcard.
func leadingAlternation(s Sequence) (Alternation, bool) {
	for i, n := range s {
		if alt, ok := n.(Alternation); ok {
			return alt, true
		}
		if _, ok := n.(Literal); !ok || i > 0 {
			break
		}
	}
	return nil, false
}

func expand(s Sequence) []Sequence {
	alt, ok := leadingAlternation(s)
	if !ok {
		return []Sequence{s}
	}
	var head Sequence
	rest := s[1:]
	if lit, ok := s[0].(Literal); ok {
		head, rest = Sequence{lit}, s[2:]
	}
	var out []Sequence
	for _, branch := range alt {
		out = append(out, expand(head.join(branch...).join(rest...))...)
	}
	return out
}
