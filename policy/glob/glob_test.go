package glob

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parsed(t testing.TB, s string) *Glob {
	t.Helper()
	g, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name, glob string
		yes, no    []string
	}{
		{"a star stays in its component", "/usr/lib/postgresql/*/bin/postgres",
			[]string{"/usr/lib/postgresql/15/bin/postgres"},
			[]string{"/usr/lib/postgresql/15/x/bin/postgres", "/usr/lib/postgresql/bin/postgres", "/usr/lib/postgresql/15/bin/postgres2"}},
		{"a star may be nothing", "/a*b", []string{"/ab", "/axb"}, []string{"/a/b"}},
		{"two stars cross components", "**/python*",
			[]string{"/python", "/usr/bin/python3.11", "x/python"}, []string{"/usr/bin/ipython", "/usr/python/x", "python"}},
		{"two stars between slashes need both slashes", "/a/**/b", []string{"/a/x/b", "/a/x/y/b"}, []string{"/a/b"}},
		{"two stars at the end are all below", "/home/**", []string{"/home/a", "/home/a/b"}, []string{"/home", "/homes/a"}},
		{"three stars are two", "/a***b", []string{"/ab", "/a/b"}, []string{"/a"}},
		{"a question mark is one character", "/a?", []string{"/ab", "/aé", "/a€", "/a𝄞", "/a\xff", "/a\xc3"}, []string{"/a", "/a/", "/abc", "/a\xc3\xc3", "/a\xe2\x82"}},
		{"an overlong or surrogate form is no character", "/?", []string{"/\xff"}, []string{"/\xc0\xaf", "/\xed\xa0\x80", "/\xf4\x90\x80\x80"}},
		{"a star does not end within a character", "/*??", []string{"/ab", "/éa"}, []string{"/€", "/a"}},
		{"a class is one of its characters", "/[a-cx]", []string{"/a", "/b", "/x"}, []string{"/d", "/", "/-", "/ab"}},
		{"a class that excludes is any other character", "/[^a-c]", []string{"/d", "/é"}, []string{"/a", "//", "/", "/de"}},
		{"a range over the slash leaves it out", "/x[+-9]y", []string{"/x.y", "/x0y"}, []string{"/x/y"}},
		{"a hyphen at the end of a class is itself", "/[a-]", []string{"/a", "/-"}, []string{"/b"}},
		{"escapes in a class are themselves", `/[\]\^\\]`, []string{"/]", "/^", `/\`}, []string{"/a"}},
		{"braces are either", "/{bin,usr/bin}/sh", []string{"/bin/sh", "/usr/bin/sh"}, []string{"/sh", "/bin/usr/bin/sh"}},
		{"a branch may be empty", "/a{,b}c", []string{"/ac", "/abc"}, []string{"/abbc"}},
		{"braces nest", "/{a{b,c{d,}},e}", []string{"/ab", "/acd", "/ac", "/e"}, []string{"/a", "/ad"}},
		{"branches hold wildcards", "/{a*,?/**}x", []string{"/ax", "/abx", "/b/c/dx"}, []string{"/bx"}},
		{"a comma outside braces is itself", "/a,b*", []string{"/a,b"}, []string{"/a"}},
		{"an escaped comma divides nothing", `/{a\,b,c}`, []string{"/a,b", "/c"}, []string{"/a", "/b"}},
		{"escaped wildcards are themselves", `/\*\?\[\{\}\\`, []string{`/*?[{}\`}, []string{"/abcd"}},
		{"letters may be escaped", `/\a\é*`, []string{"/aé"}, []string{`/\aé`}},
		{"a newline is a character", "/a?b*", []string{"/a\nb\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := parsed(t, tt.glob)
			for _, name := range tt.yes {
				if !g.Match(name) {
					t.Errorf("%q does not match %q", tt.glob, name)
				}
			}
			for _, name := range tt.no {
				if g.Match(name) {
					t.Errorf("%q matches %q", tt.glob, name)
				}
			}
		})
	}
}

// The names and globs are such that trying one way after another would take
// longer than the universe has been there.
func TestMatchDoesNotTryWaysOneByOne(t *testing.T) {
	name := "/" + strings.Repeat("a", 4000)
	for _, s := range []string{
		"/" + strings.Repeat("*a", 300) + "b",
		"/" + strings.Repeat("**a", 300) + "b",
		"/**" + strings.Repeat("{a,a}", 10) + "*b",
		"/" + strings.Repeat("*{a,}?", 10) + "b",
	} {
		if parsed(t, s).Match(name) {
			t.Errorf("%q matches", s)
		}
	}
}

func TestLiteralParts(t *testing.T) {
	tests := []struct {
		glob, prefix, dir string
		bytes             int
	}{
		{"/usr/lib/postgresql/*/bin/x", "/usr/lib/postgresql/", "/usr/lib/postgresql", 26},
		{"**/python*", "", "", 7},
		{"/*", "/", "/", 1},
		{"/usr*", "/usr", "/", 4},
		{"/usr/lib**", "/usr/lib", "/usr", 8},
		{"/a/b{c,def}/[xy]/?", "/a/b", "/a", 7},
		{"/a{/b,/c}x", "/a", "/", 5},
		{`/a\*/b*`, "/a*/b", "/a*", 5},
		{"/a/b", "/a/b", "/a", 4},
		{"/{,aaaa}b", "/", "/", 2},
		{"/é*", "/é", "/", 3},
	}
	for _, tt := range tests {
		g := parsed(t, tt.glob)
		if got := g.LiteralPrefix(); got != tt.prefix {
			t.Errorf("%q: LiteralPrefix %q, want %q", tt.glob, got, tt.prefix)
		}
		if got := g.LiteralDir(); got != tt.dir {
			t.Errorf("%q: LiteralDir %q, want %q", tt.glob, got, tt.dir)
		}
		if got := g.LiteralBytes(); got != tt.bytes {
			t.Errorf("%q: LiteralBytes %d, want %d", tt.glob, got, tt.bytes)
		}
	}
}

func TestWithDir(t *testing.T) {
	tests := []struct{ name, glob, dir, want, match string }{
		{"a directory is replaced", "/bin/py*", "/usr/bin", "/usr/bin/py*", "/usr/bin/python"},
		{"by the root", "/bin/py*", "/", "/py*", "/python"},
		{"the root is replaced", "/*/x", "/srv", "/srv/*/x", "/srv/a/x"},
		{"by a longer one, before braces", "/var/run/{a,b}*", "/run", "/run/{a,b}*", "/run/bc"},
		{"wildcards in it are literal", "/a/*", "/x*[y]{z}", `/x\*\[y]\{z\}/*`, "/x*[y]{z}/f"},
		{"it need not be UTF-8", "/a/?", "/x\xe2", "/x\xe2/?", "/x\xe2/é"},
		{"by itself", "/a/*", "/a", "/a/*", "/a/b"},
		{"what begins with two stars has none", "**/a", "/x", "**/a", "/y/a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := parsed(t, tt.glob)
			got := g.WithDir(tt.dir)
			if got.String() != tt.want || !got.Match(tt.match) {
				t.Errorf("%q with %q is %q, want %q; matches %q: %v", tt.glob, tt.dir, got, tt.want, tt.match, got.Match(tt.match))
			}
			if g.String() != tt.glob {
				t.Errorf("the glob itself became %q", g)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	tests := []struct {
		name, glob string
		want       []string
	}{
		{"nothing to write out", "/a*{b,c}", []string{"/a*{b,c}"}},
		{"braces before a wildcard", "/{bin,sbin}/x*", []string{"/bin/x*", "/sbin/x*"}},
		{"braces in braces", "/{a{b,c},d}*", []string{"/ab*", "/ac*", "/d*"}},
		{"several braces", "/{a,b}{c,d}", []string{"/ac", "/ad", "/bc", "/bd"}},
		{"a wildcard in a branch ends it there", "/{a*,b}{c,d}", []string{"/a*{c,d}", "/bc", "/bd"}},
		{"commas lose their escape outside", `/{a\,b,c}`, []string{"/a,b", "/c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, g := range parsed(t, tt.glob).Expand() {
				got = append(got, g.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.glob, diff)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	g := parsed(b, "/usr/lib/**/{bin,sbin}/python*")
	for b.Loop() {
		g.Match("/usr/lib/x86_64-linux-gnu/python/bin/python3.11")
	}
}
