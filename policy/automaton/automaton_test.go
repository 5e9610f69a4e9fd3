package automaton

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/policy/glob"
)

// matches is what each pattern means by itself, without an automaton.
func matches(p Pattern, name string) bool {
	below := strings.TrimSuffix(p.Path, "/") + "/"
	switch p.Kind {
	case Exact:
		return name == p.Path
	case Dir:
		rest, ok := strings.CutPrefix(name, below)
		return name == p.Path || ok && !strings.Contains(rest, "/")
	case DirRecursive:
		return name == p.Path || strings.HasPrefix(name, below)
	case Base:
		return name[strings.LastIndexByte(name, '/')+1:] == p.Path
	}
	return p.Glob.Match(name)
}

// allMatches returns the IDs of the patterns that match one of the names and count.
func allMatches(patterns []Pattern, names ...string) []int {
	var matching []Pattern
	for _, p := range patterns {
		if slices.ContainsFunc(names, func(name string) bool { return matches(p, name) }) {
			matching = append(matching, p)
		}
	}
	var ids []int
	for _, p := range matching {
		beaten := slices.ContainsFunc(matching, func(q Pattern) bool {
			return p.Contest != 0 && p.Contest == q.Contest && q.Rank < p.Rank && q.Needs|p.Needs == p.Needs
		})
		if !beaten {
			ids = append(ids, p.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func globOf(t testing.TB, s string) *glob.Glob {
	t.Helper()
	g, err := glob.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// pattern reads "kind text", with the ID given.
func pattern(t testing.TB, id int, s string) Pattern {
	t.Helper()
	kind, text, _ := strings.Cut(s, " ")
	switch kind {
	case "exact":
		return Pattern{ID: id, Kind: Exact, Path: text}
	case "dir":
		return Pattern{ID: id, Kind: Dir, Path: text}
	case "below":
		return Pattern{ID: id, Kind: DirRecursive, Path: text}
	case "base":
		return Pattern{ID: id, Kind: Base, Path: text}
	case "glob":
		return Pattern{ID: id, Kind: Glob, Glob: globOf(t, text)}
	}
	t.Fatalf("unknown kind of pattern in %q", s)
	return Pattern{}
}

// patterns numbers the patterns from 1.
func patterns(t testing.TB, texts ...string) []Pattern {
	t.Helper()
	var ps []Pattern
	for i, s := range texts {
		ps = append(ps, pattern(t, i+1, s))
	}
	return ps
}

func build(t testing.TB, ps []Pattern) *Automaton {
	t.Helper()
	a, err := Build(ps, Caps{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name     string
		patterns []string
		path     string
		want     []int
	}{
		{"nothing matches without patterns", nil, "/bin/sh", nil},
		{"an exact path matches itself", []string{"exact /bin/sh"}, "/bin/sh", []int{1}},
		{"an exact path does not match what is longer", []string{"exact /bin/sh"}, "/bin/sh2", nil},
		{"an exact path does not match what is below", []string{"exact /bin/sh"}, "/bin/sh/x", nil},
		{"an exact path does not match its beginning", []string{"exact /bin/sh"}, "/bin/s", nil},
		{"a directory matches itself", []string{"dir /tmp"}, "/tmp", []int{1}},
		{"a directory matches what is directly in it", []string{"dir /tmp"}, "/tmp/x", []int{1}},
		{"a directory does not match what is deeper", []string{"dir /tmp"}, "/tmp/x/y", nil},
		{"a directory does not match a neighbour", []string{"dir /tmp"}, "/tmpx", nil},
		{"the root as a directory matches itself", []string{"dir /"}, "/", []int{1}},
		{"the root as a directory matches what is directly in it", []string{"dir /"}, "/x", []int{1}},
		{"the root as a directory does not match what is deeper", []string{"dir /"}, "/x/y", nil},
		{"a recursive directory matches itself", []string{"below /app"}, "/app", []int{1}},
		{"a recursive directory matches what is deep", []string{"below /app"}, "/app/x/y/z", []int{1}},
		{"a recursive directory does not match a neighbour", []string{"below /app"}, "/apps/x", nil},
		{"the recursive root matches the root", []string{"below /"}, "/", []int{1}},
		{"the recursive root matches all", []string{"below /"}, "/a/b", []int{1}},
		{"the recursive root does not match what begins without a slash", []string{"below /"}, "a/b", nil},
		{"directories add up", []string{"below /", "below /a", "dir /a", "dir /a/b"}, "/a/b", []int{1, 2, 3, 4}},
		{"what is below a nested directory keeps the outer ones", []string{"below /a", "dir /a/b", "exact /a/b/c"}, "/a/b/c/d", []int{1}},
		{"a directory holds next to a longer exact path", []string{"dir /tmp", "exact /tmp/file.txt"}, "/tmp/file", []int{1}},
		{"a directory and an exact path in it add up", []string{"dir /tmp", "exact /tmp/file"}, "/tmp/file", []int{1, 2}},
		{"a base name matches in any directory", []string{"base sh"}, "/usr/bin/sh", []int{1}},
		{"a base name is the whole component", []string{"base sh"}, "/bin/bash", nil},
		{"a base name is the last component", []string{"base sh"}, "/sh/x", nil},
		{"base names may begin alike", []string{"base sh", "base shred", "base sha1"}, "/x/shred", []int{2}},
		{"a glob matches", []string{"glob **/python*"}, "/usr/bin/python3.11", []int{1}},
		{"a glob and an exact path add up", []string{"glob **/python*", "exact /usr/bin/python3"}, "/usr/bin/python3", []int{1, 2}},
		{"a glob holds off the trie", []string{"glob **/python*", "exact /usr/bin/python3"}, "/usr/binx/python3", []int{1}},
		{"the longest of many stars is found", []string{"glob /a*b*c"}, "/aabbcbc", []int{1}},
		{"a question mark takes a character of two bytes", []string{"glob /?"}, "/é", []int{1}},
		{"two question marks do not take one character of two bytes", []string{"glob /??"}, "/é", nil},
		{"a question mark takes a stray byte", []string{"glob /?"}, "/\xc3", []int{1}},
		{"two question marks take two stray bytes", []string{"glob /??"}, "/\xc3\xc3", []int{1}},
		{"a star before a question mark does not end within a character", []string{"glob /*??"}, "/€", nil},
		{"patterns may share an ID", []string{"exact /a", "glob /[ab]"}, "/a", []int{1, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ps := patterns(t, tt.patterns...)
			a := build(t, ps)
			if diff := cmp.Diff(tt.want, a.Match(tt.path)); diff != "" {
				t.Errorf("Match(%q) (-want +got):\n%s", tt.path, diff)
			}
			if diff := cmp.Diff(tt.want, allMatches(ps, tt.path)); diff != "" {
				t.Errorf("the patterns one by one, %q (-want +got):\n%s", tt.path, diff)
			}
			if diff := cmp.Diff(tt.want, a.Set(a.Pack().Run([]byte(tt.path)))); diff != "" {
				t.Errorf("Packed.Run(%q) (-want +got):\n%s", tt.path, diff)
			}
		})
	}
}
