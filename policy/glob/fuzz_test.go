package glob

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// translate writes a glob as a Go regular expression, character by character and
// without the parser under test. It knows valid globs only.
func translate(s string) string {
	var out strings.Builder
	depth := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		rest := s[i+n:]
		i += n
		switch {
		case r == '\\':
			_, n := utf8.DecodeRuneInString(rest)
			out.WriteString(regexp.QuoteMeta(rest[:n]))
			i += n
		case r == '*' && strings.HasPrefix(rest, "*"):
			i++
			out.WriteString(".*")
		case r == '*':
			out.WriteString("[^/]*")
		case r == '?':
			out.WriteString("[^/]")
		case r == '[':
			re, n := translateClass(rest)
			out.WriteString(re)
			i += n
		case r == '{':
			depth++
			out.WriteString("(?:")
		case r == '}':
			depth--
			out.WriteString(")")
		case r == ',' && depth > 0:
			out.WriteString("|")
		default:
			out.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return `(?s)\A` + out.String() + `\z`
}

var classMember = regexp.MustCompile(`(?s)^(\\?.)(?:-(\\[^\n]|[^\]\\]))?`)

// translateClass writes the class that s begins with, after its [.
func translateClass(s string) (string, int) {
	body, not := strings.CutPrefix(s, "^")
	set := map[int]bool{'/': not}
	for body[0] != ']' {
		m := classMember.FindStringSubmatch(body)
		lo := int(m[1][len(m[1])-1])
		hi := lo
		if m[2] != "" {
			hi = int(m[2][len(m[2])-1])
		}
		for c := lo; c <= hi; c++ {
			set[c] = c != '/' || not
		}
		body = body[len(m[0]):]
	}
	re := "["
	if not {
		re = "[^"
	}
	for c, in := range set {
		if in {
			re += fmt.Sprintf(`\x%02x`, c)
		}
	}
	return re + "]", len(s) - len(body) + 1
}

func FuzzGlobMatch(f *testing.F) {
	for _, g := range []string{"/*", "**", "**/python*", "/a/**/b", "/{a,b{c,}}/?", "/[a-c]x[^b]", "/*a*b*", `/\*\{`, "/é?", "/{**,}x", "/[^/]*"} {
		for _, name := range []string{"/a", "/a/b", "/a/x/y/b", "/bc/é", "/ax\xc3", "/usr/bin/python3", "/*{", "/\xe2\x82", "/é€"} {
			f.Add(g, name)
		}
	}
	f.Fuzz(func(t *testing.T, s, name string) {
		if strings.ContainsRune(s, utf8.RuneError) {
			t.Skip("in a regular expression it stands for any stray byte")
		}
		g, err := Parse(s)
		if err != nil {
			t.Skip()
		}
		re, err := regexp.Compile(translate(s))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		want := re.MatchString(name)
		if got := g.Match(name); got != want {
			t.Errorf("%q matches %q: %v, want %v (%s)", s, name, got, want, re)
		}
		for _, e := range g.Expand() {
			if e.Match(name) && !want {
				t.Errorf("%q, out of %q, matches %q", e, s, name)
			}
		}
	})
}

func FuzzGlobParse(f *testing.F) {
	for _, g := range []string{"/*", "**", "/{a,b{c,}}/?", "/[a-c]x[^b]", `/\*\{`, "/é?", "/{{{{a}}}}", "/[", "/{", `/\`, "/a//b", "/../", "/[z-a]", "/[!a]", "/}"} {
		f.Add(g)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := Parse(s)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%q: the error %v is no SyntaxError", s, err)
			}
			if syntax.Pattern != s || syntax.Offset < 0 || syntax.Offset > len(s) || syntax.Problem == "" || syntax.Mend == "" {
				t.Fatalf("%q: the error %#v does not say enough", s, syntax)
			}
			return
		}
		// What is written anew means the same.
		again := fromSequence(g.seq)
		if same, err := Parse(again.String()); err != nil || !reflect.DeepEqual(same.seq, g.seq) {
			t.Fatalf("%q, written anew as %q: %v, %v", s, again, same, err)
		}
		if !strings.HasPrefix(g.LiteralPrefix(), strings.TrimSuffix(g.LiteralDir(), "/")) {
			t.Fatalf("%q: LiteralDir %q is not in LiteralPrefix %q", s, g.LiteralDir(), g.LiteralPrefix())
		}
		if !HasMeta(s) {
			if !g.Match(Unescape(s)) || g.LiteralPrefix() != Unescape(s) {
				t.Fatalf("%q does not match itself, %q", s, Unescape(s))
			}
		}
		for _, e := range g.Expand() {
			if e.LiteralBytes() < g.LiteralBytes() {
				t.Fatalf("%q: %q, out of it, has fewer literal bytes", s, e)
			}
		}
	})
}
