package automaton

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheOrderOfPatternsDoesNotMatter(t *testing.T) {
	for seed := range uint64(50) {
		g := newGenerator(seed)
		ps := g.patterns(10)
		want := build(t, ps)
		g.Shuffle(len(ps), func(i, j int) { ps[i], ps[j] = ps[j], ps[i] })
		got := build(t, append(ps, ps...)) // nor does repeating them
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Automaton{}, rows{})); diff != "" {
			t.Fatalf("seed %d:\n%s\n%s", seed, describe(ps), diff)
		}
		if diff := cmp.Diff(want.Pack(), got.Pack()); diff != "" {
			t.Fatalf("seed %d, packed:\n%s", seed, diff)
		}
	}
}

// distinct counts the states of a that differ, by the plainest algorithm.
func distinct(a *Automaton) int {
	class := make([]string, a.NumStates())
	for s := range class {
		class[s] = fmt.Sprint(a.Accept(State(s)))
	}
	for n := 0; ; {
		names := map[string]string{}
		next := make([]string, len(class))
		for s := range class {
			var key strings.Builder
			key.WriteString(class[s])
			for b := range 256 {
				key.WriteString("," + class[a.Next(State(s), byte(b))])
			}
			if names[key.String()] == "" {
				names[key.String()] = fmt.Sprint(len(names) + 1)
			}
			next[s] = names[key.String()]
		}
		if len(names) == n {
			return n
		}
		n, class = len(names), next
	}
}

func TestNoTwoStatesAreEqual(t *testing.T) {
	for seed := range uint64(60) {
		ps := newGenerator(seed).patterns(4)
		a := build(t, ps)
		if n := distinct(a); n != a.NumStates() {
			t.Errorf("seed %d: %d states, of which %d differ\n%s", seed, a.NumStates(), n, describe(ps))
		}
	}
}

func TestStatesFollowFromTheText(t *testing.T) {
	tests := []struct {
		name     string
		patterns []string
		states   int
	}{
		{"nothing needs one state", nil, 1},
		{"all needs the start, the dead end and the inside", []string{"below /"}, 3},
		{"an exact path needs one per byte, the start and the dead end", []string{"exact /bin/sh"}, 9},
		{"equal ends are shared", []string{"exact /a/end", "exact /b/end"}, 3 + 2*5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := build(t, patterns(t, tt.patterns...)); a.NumStates() != tt.states {
				t.Errorf("%d states, want %d", a.NumStates(), tt.states)
			}
		})
	}
	same := patterns(t, "exact /a/end", "exact /b/end")
	same[1].ID = same[0].ID
	if a := build(t, same); a.NumStates() != 2+1+5 {
		t.Errorf("two paths of one ID with the same end: %d states, want 8", a.NumStates())
	}
}

func TestTheDefaultIsTheTargetOfMostBytes(t *testing.T) {
	// High bytes lead to one place, and the two halves of ASCII to another that is
	// seen to be one only when equal states are merged.
	ps := patterns(t, "glob /[^\x01-\x7f]b", "glob /[\x01-?]a", "glob /[@-\x7f]a")
	ps[2].ID = ps[1].ID
	checkForm(t, build(t, ps))
}

func TestBadPatternsAreNamed(t *testing.T) {
	for _, p := range []Pattern{
		{ID: 31, Kind: Exact},
		{ID: 31, Kind: Glob},
		{ID: 31, Kind: Base, Path: "bin/sh"},
		{ID: 31, Kind: Dir, Path: "/tmp/"},
		{ID: 31, Kind: Exact, Path: "/a\x00"},
		{ID: 31, Kind: 9, Path: "/a"},
	} {
		if _, err := Build([]Pattern{p}, Caps{}); err == nil || !strings.Contains(err.Error(), "pattern 31") {
			t.Errorf("%+v: the error is %v, want one that names pattern 31", p, err)
		}
	}
}

func TestCapsAreKept(t *testing.T) {
	tests := []struct {
		what string
		caps Caps
	}{
		{"states", Caps{States: 100}},
		{"bytes", Caps{Bytes: 4000}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			_, err := Build(mixed(t, 100, 10), tt.caps)
			var complex *TooComplexError
			if !errors.As(err, &complex) || complex.What != tt.what {
				t.Errorf("the error is %v, want a TooComplexError about %s", err, tt.what)
			}
		})
	}
}

func TestTheBytesCapBoundsThePackedForm(t *testing.T) {
	for _, ps := range [][]Pattern{mixed(t, 1000, 100), patterns(t, numbered(20, "/x#/????[^a]??#/*?")...)} {
		size := build(t, ps).Pack().Size()
		if _, err := Build(ps, Caps{Bytes: size - 1}); err == nil {
			t.Errorf("%d bytes packed pass for less", size)
		}
		if _, err := Build(ps, Caps{Bytes: size}); err != nil {
			t.Errorf("%d bytes packed: %v", size, err)
		}
	}
}
