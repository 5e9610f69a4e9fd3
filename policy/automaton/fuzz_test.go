package automaton

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"kubearmor.io/policy/glob"
)

// generator draws patterns and names over few characters, so that they meet.
type generator struct{ *rand.Rand }

func (g generator) pick(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g generator) path(components int) string {
	p := ""
	for range 1 + g.IntN(components) {
		p += "/" + g.name()
	}
	return p
}

func (g generator) name() string {
	n := ""
	for range 1 + g.IntN(3) {
		n += g.pick("a", "b", "ab", "c", ".", "é", "€", "self")
	}
	return n
}

// anyName draws a name that may be no path at all.
func (g generator) anyName() string {
	n := g.pick("/", "", g.path(4), g.path(2), "/proc/", "/proc/self/")
	for range g.IntN(8) {
		n += g.pick("a", "b", "c", "ab", ".", "/", "é", "€", "\xc3", "\xa9", "\xe2", "\x82", "\xff", "𝄞", "\xf0\x9d", "self")
	}
	return n
}

func (g generator) globText() string {
	s := g.pick("/", "**", "**/", "/a", "/*/", "/**/", "/proc/", "/proc/self/")
	for range 1 + g.IntN(5) {
		s += g.pick("a", "b", "ab", "/", "*", "**", "?", "[ab]", "[^a]", "{a,b}", "{a,}", "{a/b,*}", "{,/a{b,?}}", "é", "[a-c]", "{**,c}")
	}
	return s
}

func (g generator) pattern(id int) (Pattern, bool) {
	p := Pattern{ID: id, Kind: Kind(g.IntN(5))}
	switch p.Kind {
	case Base:
		p.Path = g.name()
	case Glob:
		var err error
		if p.Glob, err = glob.Parse(g.globText()); err != nil {
			return p, false
		}
	default:
		p.Path = g.pick("/", g.path(3), g.path(2), "/proc", "/proc/self", "/proc/self"+g.path(2), "/proc"+g.path(2))
	}
	return p, true
}

func (g generator) patterns(n int) []Pattern {
	var ps []Pattern
	ids := 1 + g.IntN(12) // few: patterns share them
	claims := make([]Pattern, ids)
	for i := range claims {
		claims[i] = Pattern{Contest: g.IntN(3), Rank: g.IntN(ids), Needs: uint32(g.IntN(8) & g.IntN(8))}
	}
	for range n {
		if p, ok := g.pattern(g.IntN(ids)); ok {
			c := claims[p.ID]
			p.Contest, p.Rank, p.Needs = c.Contest, c.Rank, c.Needs
			ps = append(ps, p)
		}
	}
	return ps
}

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

func seeds(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, "/proc/self/ab")
	}
}

func FuzzAutomaton(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, seed uint64, name string) {
		g := newGenerator(seed)
		ps := g.patterns(1 + g.IntN(8))
		a := build(t, ps)
		for range 100 {
			if got, want := a.Match(name), allMatches(ps, name); !slices.Equal(got, want) {
				t.Fatalf("Match(%q) = %v, want %v\n%s", name, got, want, describe(ps))
			}
			name = g.anyName()
		}
		checkForm(t, a)
	})
}

func describe(ps []Pattern) string {
	s := ""
	for _, p := range ps {
		s += fmt.Sprintf("%s %s (%d: rank %d in contest %d, needs %b)\n",
			[]string{"exact", "dir", "below", "glob", "base"}[p.Kind], p.text(), p.ID, p.Rank, p.Contest, p.Needs)
	}
	return s
}

// checkForm checks what the kernel image relies on.
func checkForm(t *testing.T, a *Automaton) {
	t.Helper()
	for s := range State(a.NumStates()) {
		def, edges := a.Row(s)
		if (def == s && len(edges) == 0) != a.IsSink(s) {
			t.Fatalf("state %d of %d: IsSink is %v, which its row contradicts", s, a.NumStates(), a.IsSink(s))
		}
		count := map[State]int{def: 256 - len(edges)}
		for i, e := range edges {
			if count[e.To]++; count[e.To] > count[def] {
				t.Fatalf("state %d: more bytes lead to %d than to its default", s, e.To)
			}
			if e.To == def || i > 0 && edges[i-1].Byte >= e.Byte {
				t.Fatalf("state %d: the exceptions %v are not tidy", s, edges)
			}
		}
	}
}

// aliased is what a name below /proc/ means under both of its spellings.
func aliased(ps []Pattern, pid, rest string) []int {
	return allMatches(ps, "/proc/"+pid+rest, "/proc/self"+rest)
}

func FuzzPacked(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, seed uint64, name string) {
		g := newGenerator(seed)
		ps := g.patterns(1 + g.IntN(8))
		a := build(t, ps)
		p := a.Pack()
		b, err := BuildAliased(ps, self, Caps{})
		if err != nil {
			t.Fatal(err)
		}
		checkForm(t, b)
		q := b.Pack()
		for range 50 {
			if got, want := a.Set(p.Run([]byte(name))), a.Match(name); !slices.Equal(got, want) {
				t.Fatalf("Packed.Run(%q) = %v, want %v\n%s", name, got, want, describe(ps))
			}
			if !slices.Contains([]byte(name), 0) {
				if got, want := b.Set(q.Run([]byte(name))), a.Match(name); !slices.Equal(got, want) {
					t.Fatalf("with an alias, Packed.Run(%q) = %v, want %v\n%s", name, got, want, describe(ps))
				}
			}
			pid := g.pick("1", "42", "a", "ab", "self")
			rest := g.pick("", "/", g.path(3), "/"+g.anyName(), "/self/a")
			if got, want := b.Set(q.Run([]byte("/proc/\x00"+pid+rest))), aliased(ps, pid, rest); !slices.Equal(got, want) {
				t.Fatalf("the marked /proc/%s%q = %v, want %v\n%s", pid, rest, got, want, describe(ps))
			}
			name = g.anyName()
		}
	})
}
