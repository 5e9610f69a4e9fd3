package glob

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of one glob. They are far above what a policy needs, and low enough that
// nothing done with a glob takes long.
const (
	MaxLength       = 4096 // bytes; no name is longer
	MaxNesting      = 8    // {…} within {…}
	MaxAlternatives = 1024 // globs that result when every {a,b} is written out
)

// Parse reads a glob that begins with / or **. Its error is a *SyntaxError.
func Parse(s string) (*Glob, error) {
	if !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "**") {
		return nil, &SyntaxError{s, 0, "it begins with neither / nor **",
			"write **/ before a name that may stand in any directory"}
	}
	return parse(s)
}

// ParsePath is Parse for a `path` that holds a wildcard: it begins with /. Its
// error is a *SyntaxError.
func ParsePath(s string) (*Glob, error) {
	if !strings.HasPrefix(s, "/") {
		return nil, &SyntaxError{s, 0, "a path begins with /",
			"write the whole path, or use `pattern` for a glob that begins with **"}
	}
	return parse(s)
}

func parse(s string) (*Glob, error) {
	if len(s) > MaxLength {
		return nil, &SyntaxError{s, MaxLength, fmt.Sprintf("it is longer than %d bytes", MaxLength),
			"no name is that long: split it into several rules"}
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		return nil, &SyntaxError{s, i, "it holds a NUL, which no name does", "remove it"}
	}
	if !utf8.ValidString(s) {
		return nil, &SyntaxError{s, invalidAt(s), "it is not UTF-8", "write ? for a byte that is not part of a character"}
	}
	p := parser{src: s}
	seq, err := p.sequence(0)
	if err == nil {
		err = p.endPath()
	}
	if err != nil {
		return nil, err
	}
	if n := seq.alternatives(); n > MaxAlternatives {
		return nil, &SyntaxError{s, strings.IndexByte(s, '{'),
			fmt.Sprintf("its {…} stand for more than %d globs", MaxAlternatives), "split it into several rules"}
	}
	return newGlob(s, seq), nil
}

func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return 0
}

// alternatives counts the globs that s stands for, up to MaxAlternatives+1.
func (s Sequence) alternatives() int {
	n := 1
	for _, node := range s {
		alt, ok := node.(Alternation)
		if !ok {
			continue
		}
		sum := 0
		for _, branch := range alt {
			sum = min(sum+branch.alternatives(), MaxAlternatives+1)
		}
		n = min(n*sum, MaxAlternatives+1)
	}
	return n
}

// parser reads src from pos on. The remaining fields watch the shape of the path
// outside of braces.
type parser struct {
	src string
	pos int

	component int  // where the component being read begins
	plain     bool // it has been literal so far
}

func (p *parser) fail(offset int, problem, mend string) error {
	return &SyntaxError{Pattern: p.src, Offset: offset, Problem: problem, Mend: mend}
}

// sequence reads up to the end, or up to the , or } that ends a branch.
func (p *parser) sequence(depth int) (Sequence, error) {
	var (
		nodes []Node
		lit   []byte
	)
	flush := func(n ...Node) {
		if len(lit) > 0 {
			nodes = append(nodes, Literal(lit))
			lit = nil
		}
		nodes = append(nodes, n...)
	}
	for p.pos < len(p.src) {
		at := p.pos
		c := p.src[at]
		if depth > 0 && (c == ',' || c == '}') {
			break
		}
		if strings.IndexByte(`*?[{`, c) >= 0 {
			n, err := p.wildcard(c, depth)
			if err != nil {
				return nil, err
			}
			p.plain = p.plain && depth > 0
			flush(n)
			continue
		}
		b, err := p.literal()
		if err != nil {
			return nil, err
		}
		if depth == 0 && b == '/' {
			if err := p.slash(at); err != nil {
				return nil, err
			}
		}
		lit = append(lit, b)
	}
	flush()
	return Sequence(nil).join(nodes...), nil
}

// literal reads one byte that stands for itself, escaped or not.
func (p *parser) literal() (byte, error) {
	c := p.src[p.pos]
	switch c {
	case '}':
		return 0, p.fail(p.pos, "} closes no {", `write \} for the character itself`)
	case '\\':
		if p.pos+1 == len(p.src) {
			return 0, p.fail(p.pos, `\ at the end escapes nothing`, `write \\ for the character itself`)
		}
		p.pos++
		c = p.src[p.pos]
	}
	p.pos++
	return c, nil
}

func (p *parser) wildcard(c byte, depth int) (Node, error) {
	switch c {
	case '*':
		if strings.HasPrefix(p.src[p.pos:], "**") {
			p.pos += 2
			return AnyPath{}, nil
		}
		p.pos++
		return AnyRun{}, nil
	case '?':
		p.pos++
		return anyChar(), nil
	case '[':
		return p.class()
	}
	return p.alternation(depth)
}

func (p *parser) alternation(depth int) (Node, error) {
	open := p.pos
	if depth == MaxNesting {
		return nil, p.fail(open, fmt.Sprintf("{…} are nested more than %d deep", MaxNesting), "split it into several rules")
	}
	var alt Alternation
	for {
		p.pos++ // the { or ,
		branch, err := p.sequence(depth + 1)
		if err != nil {
			return nil, err
		}
		alt = append(alt, branch)
		if p.pos == len(p.src) {
			return nil, p.fail(open, "{ is not closed", `write } after the last branch, or \{ for the character itself`)
		}
		if p.src[p.pos] == '}' {
			p.pos++
			return alt, nil
		}
	}
}
