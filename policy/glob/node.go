package glob

import "strings"

// Sequence is a glob, or a branch of an alternation, as its parts in order. Two
// literals never follow each other.
type Sequence []Node

// Node is one of Literal, AnyRun, AnyPath, Class and Alternation.
type Node interface {
	// render appends the node in glob syntax.
	render(b *strings.Builder, nested bool)
}

type (
	// Literal is bytes that stand for themselves.
	Literal string
	// AnyRun is `*`: any run of characters without /.
	AnyRun struct{}
	// AnyPath is `**`: any run of characters.
	AnyPath struct{}
	// Class is one character: one of Set or, if Not, any but those of Set. A class
	// never matches /: Set lacks it, or has it where Not is set. `?` is the Class
	// whose Not is set and whose Set is / alone.
	Class struct {
		Not bool
		Set ASCII
	}
	// Alternation is one of several sequences; there is at least one.
	Alternation []Sequence
)

// ASCII is a set of ASCII characters.
type ASCII [2]uint64

// Has reports whether the set holds b; no byte above 0x7f is in any set.
func (a ASCII) Has(b byte) bool { return b < 0x80 && a[b>>6]>>(b&63)&1 != 0 }

func (a *ASCII) add(b byte)    { a[b>>6] |= 1 << (b & 63) }
func (a *ASCII) remove(b byte) { a[b>>6] &^= 1 << (b & 63) }

// anyChar is what `?` stands for.
func anyChar() Class {
	c := Class{Not: true}
	c.Set.add('/')
	return c
}

// special are the characters that a literal needs a backslash for. A comma needs
// one only between braces.
const special = `*?[{}\`

func (l Literal) render(b *strings.Builder, nested bool) {
	for i := range len(l) {
		if strings.IndexByte(special, l[i]) >= 0 || nested && l[i] == ',' {
			b.WriteByte('\\')
		}
		b.WriteByte(l[i])
	}
}

func (AnyRun) render(b *strings.Builder, _ bool)  { b.WriteByte('*') }
func (AnyPath) render(b *strings.Builder, _ bool) { b.WriteString("**") }

func (c Class) render(b *strings.Builder, _ bool) {
	if c == anyChar() {
		b.WriteByte('?')
		return
	}
	b.WriteByte('[')
	if c.Not {
		b.WriteByte('^')
	}
	for ch := byte(0); ch < 0x80; ch++ {
		if !c.Set.Has(ch) || c.Not && ch == '/' {
			continue
		}
		last := ch
		for last < 0x7f && c.Set.Has(last+1) && last+1 != '/' {
			last++
		}
		renderMember(b, ch)
		if last > ch+1 {
			b.WriteByte('-')
		}
		if last > ch {
			renderMember(b, last)
		}
		ch = last
	}
	b.WriteByte(']')
}

func renderMember(b *strings.Builder, ch byte) {
	if strings.IndexByte(`\[]^-!`, ch) >= 0 {
		b.WriteByte('\\')
	}
	b.WriteByte(ch)
}

func (a Alternation) render(b *strings.Builder, _ bool) {
	b.WriteByte('{')
	for i, branch := range a {
		if i > 0 {
			b.WriteByte(',')
		}
		branch.render(b, true)
	}
	b.WriteByte('}')
}

func (s Sequence) render(b *strings.Builder, nested bool) {
	for _, n := range s {
		n.render(b, nested)
	}
}

// join appends nodes to s and merges literals, runs of stars and empty literals,
// so that equal globs have equal parts.
func (s Sequence) join(nodes ...Node) Sequence {
	out := append(Sequence(nil), s...)
	for _, n := range nodes {
		if n == Node(Literal("")) {
			continue
		}
		if len(out) == 0 {
			out = append(out, n)
			continue
		}
		last := &out[len(out)-1]
		switch n := n.(type) {
		case Literal:
			if l, ok := (*last).(Literal); ok {
				*last = l + n
				continue
			}
		case AnyRun:
			if *last == Node(AnyRun{}) || *last == Node(AnyPath{}) {
				continue
			}
		case AnyPath:
			if *last == Node(AnyRun{}) || *last == Node(AnyPath{}) {
				*last = n
				continue
			}
		}
		out = append(out, n)
	}
	return out
}
