package automaton

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kubearmor.io/policy/glob"
)

// Kind says what a pattern matches.
type Kind uint8

const (
	Exact        Kind = iota // Path alone
	Dir                      // the directory Path and what is directly in it
	DirRecursive             // the directory Path and everything below it
	Glob                     // what Glob matches
	Base                     // any path whose last component is Path
	Sequence                 // strings of one length, byte by byte in the intervals of Bytes
)

// Pattern is one set of paths, or of other strings of bytes: see BuildSequences. Path has no
// trailing slash except in "/", and for Base holds no slash at all. A recursive "/" is every
// path that begins with /.
// IDs need not be unique, sets of patterns hold each once.
//
// Of the patterns of one Contest that match a name, not all need count: one with a larger
// Rank does not where it Needs all that one with a smaller rank needs. Sets of patterns
// leave out what does not count, which keeps patterns from multiplying. Patterns of one ID
// make the same claim.
type Pattern struct {
	ID    int
	Kind  Kind
	Path  string
	Glob  *glob.Glob
	Bytes []Interval

	Contest int // 0: none, the pattern always counts
	Rank    int
	// Needs are conditions, a bit each, that have to hold besides for the pattern to count,
	// such as who asks.
	Needs uint32
}

// text is what the pattern says, apart from its kind.
func (p Pattern) text() string {
	if p.Kind == Glob && p.Glob != nil {
		return p.Glob.String()
	}
	return p.Path
}

func (p Pattern) check() error {
	problem := ""
	switch {
	case p.Kind == Glob && p.Glob == nil:
		problem = "a glob pattern without a glob"
	case p.Kind > Base:
		problem = fmt.Sprintf("unknown kind %d", p.Kind)
	case p.Kind != Glob && p.Path == "":
		problem = "an empty path"
	case strings.IndexByte(p.text(), 0) >= 0:
		problem = "a NUL in the path"
	case p.Kind == Base && strings.IndexByte(p.Path, '/') >= 0:
		problem = "a base name that holds a slash"
	case (p.Kind == Dir || p.Kind == DirRecursive) && len(p.Path) > 1 && strings.HasSuffix(p.Path, "/"):
		problem = "a directory with a trailing slash"
	default:
		return nil
	}
	return fmt.Errorf("build automaton: pattern %d (%q): %s", p.ID, p.text(), problem)
}

// group is what several patterns say alike; ids are sorted and unique.
type group struct {
	kind Kind
	path string
	glob *glob.Glob
	ids  []int
}

// groupPatterns checks the patterns and brings them into one order, whatever the
// order they came in.
func groupPatterns(patterns []Pattern) ([]group, error) {
	sorted := slices.Clone(patterns)
	for _, p := range sorted {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(sorted, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.text(), b.text()), cmp.Compare(a.ID, b.ID))
	})
	var groups []group
	for _, p := range sorted {
		if n := len(groups); n > 0 && groups[n-1].kind == p.Kind && groups[n-1].path == p.text() {
			g := &groups[n-1]
			if g.ids[len(g.ids)-1] != p.ID {
				g.ids = append(g.ids, p.ID)
			}
			continue
		}
		groups = append(groups, group{p.Kind, p.text(), p.Glob, []int{p.ID}})
	}
	return groups, nil
}
