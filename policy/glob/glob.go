package glob

import "strings"

// Glob is a parsed glob. It is never changed, and is safe for concurrent use.
type Glob struct {
	src  string
	seq  Sequence
	prog program
}

func newGlob(src string, seq Sequence) *Glob {
	return &Glob{src: src, seq: seq, prog: compile(seq)}
}

func fromSequence(seq Sequence) *Glob {
	var b strings.Builder
	seq.render(&b, false)
	return newGlob(b.String(), seq)
}

// String returns the glob as it was written.
func (g *Glob) String() string { return g.src }

// Sequence returns the parts of the glob, for compilers. The caller must not
// change it.
func (g *Glob) Sequence() Sequence { return g.seq }

// HasMeta reports whether s holds an unescaped *, ?, [ or {, so that a `path`
// is a glob.
func HasMeta(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '*', '?', '[', '{':
			return true
		}
	}
	return false
}

// Unescape returns what s stands for if it holds no wildcard: without the
// backslashes that escape. A backslash at the end stays.
func Unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}
