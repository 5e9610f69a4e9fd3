package automaton

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var self = Alias{"/proc/", "self", 0}

func TestAlias(t *testing.T) {
	ps := patterns(t, "below /proc/self", "exact /proc/42/status", "glob /proc/*/environ", "exact /proc/self/status", "dir /proc", "exact /bin/sh")
	tests := []struct {
		name, path string
		want       []int
	}{
		{"the marked directory is both", "/proc/\x0042", []int{1, 5}},
		{"a marked name matches as it is and as its alias", "/proc/\x0042/status", []int{1, 2, 4}},
		{"a marked name matches under the alias alone", "/proc/\x007/status", []int{1, 4}},
		{"a marked name matches under a glob and the alias", "/proc/\x007/environ", []int{1, 3}},
		{"an unmarked name is not the alias", "/proc/42/status", []int{2}},
		{"the alias itself is a name like others", "/proc/self/status", []int{1, 4}},
		{"other names are as before", "/bin/sh", []int{6}},
		{"the alias stands for one component", "/proc/\x007/x/status", []int{1}},
		{"the marker counts after the prefix alone", "/x/\x007/status", nil},
		{"the prefix may not be reached another way", "/proc/a/proc/\x007/status", nil},
	}
	b, err := BuildAliased(ps, self, Caps{})
	if err != nil {
		t.Fatal(err)
	}
	packed := b.Pack()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := b.Match(tt.path); !slices.Equal(got, tt.want) {
				t.Errorf("Match(%q) = %v, want %v", tt.path, got, tt.want)
			}
			if got := b.Set(packed.Run([]byte(tt.path))); !slices.Equal(got, tt.want) {
				t.Errorf("Packed.Run(%q) = %v, want %v", tt.path, got, tt.want)
			}
		})
	}
}

func TestAnAliasOfNothingCostsThePrefix(t *testing.T) {
	ps := patterns(t, "exact /bin/sh", "below /usr")
	b, err := BuildAliased(ps, self, Caps{})
	if err != nil {
		t.Fatal(err)
	}
	if most := build(t, ps).NumStates() + len("/proc/"); b.NumStates() > most {
		t.Errorf("%d states, want at most %d", b.NumStates(), most)
	}
	if s := b.Run("/home/x"); !b.IsSink(s) {
		t.Error("a name that nothing matches does not end in a sink any more")
	}
}

func TestAnAliasOfOneLongPathCostsItOnce(t *testing.T) {
	long := "/" + strings.Repeat("x", 300)
	for _, texts := range [][]string{{"exact /proc/self" + long}, {"below /", "exact /proc/self" + long}} {
		ps := patterns(t, texts...)
		b, err := BuildAliased(ps, self, Caps{})
		if err != nil {
			t.Fatal(err)
		}
		if most := build(t, ps).NumStates() + len("/proc/") + 2; b.NumStates() > most {
			t.Errorf("%v: %d states, want at most %d", texts, b.NumStates(), most)
		}
	}
}

func TestAnAliasDoesNotMultiplyGlobs(t *testing.T) {
	ps := patterns(t, numbered(60, "/**/dir#/**")...)
	for i := range ps {
		ps[i].Contest, ps[i].Rank = 1, i
	}
	b, err := BuildAliased(ps, self, Caps{})
	if err != nil {
		t.Fatal(err)
	}
	if most := build(t, ps).NumStates() * 2; b.NumStates() > most {
		t.Errorf("%d states, want at most %d", b.NumStates(), most)
	}
}

func TestNoTwoStatesAreEqualWithAnAlias(t *testing.T) {
	for seed := range uint64(60) {
		ps := newGenerator(seed).patterns(4)
		b, err := BuildAliased(ps, self, Caps{})
		if err != nil {
			t.Fatal(err)
		}
		if n := distinct(b); n != b.NumStates() {
			t.Errorf("seed %d: %d states, of which %d differ\n%s", seed, b.NumStates(), n, describe(ps))
		}
	}
}

func TestAliasKeepsTheCaps(t *testing.T) {
	ps := patterns(t, "below /proc/self", "exact /proc/42/status", "glob /proc/*/{environ,mem,maps}")
	var complex *TooComplexError
	if _, err := BuildAliased(ps, self, Caps{States: build(t, ps).NumStates() + 3}); !errors.As(err, &complex) {
		t.Errorf("the error is %v, want a TooComplexError", err)
	}
	if _, err := BuildAliased(ps, Alias{Name: "self"}, Caps{}); err == nil {
		t.Error("an empty prefix is accepted")
	}
}
