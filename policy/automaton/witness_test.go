package automaton

import (
	"slices"
	"testing"
)

func TestEverySetHasAWitness(t *testing.T) {
	a, err := Build([]Pattern{
		{ID: 1, Kind: Exact, Path: "/usr/bin/node"}, {ID: 2, Kind: DirRecursive, Path: "/usr"}, {ID: 3, Kind: Dir, Path: "/usr/bin"},
		{ID: 4, Kind: Exact, Path: "/opt/x"}, {ID: 5, Kind: DirRecursive, Path: "/"},
	}, Caps{})
	if err != nil {
		t.Fatal(err)
	}
	names := a.Witnesses()
	if len(names) != a.NumSets() {
		t.Fatalf("%d names for %d sets", len(names), a.NumSets())
	}
	for set, name := range names {
		if got := a.Match(name); !slices.Equal(got, a.Set(SetID(set))) {
			t.Errorf("%q stands for %v and matches %v", name, a.Set(SetID(set)), got)
		}
	}
}
