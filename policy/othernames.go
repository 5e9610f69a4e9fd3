package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"kubearmor.io/policy/glob"
)

// Mount is one that a container was given. Those that another mount hides are left out.
type Mount struct {
	FileSystem uint64 // any number that tells it from others
	Root       string // what of it is mounted
	Point      string // where, in the container
}

// OtherName says that what the container sees at a place, and below, has its origin name
// elsewhere: the folder is mounted more than once, or lies in one that is.
type OtherName struct {
	At     string
	Origin string
	Mount  bool // At is a mount point; else a folder in a mount, that is mounted elsewhere too
}

// OtherNames finds the other names that the mounts of a container, in the order in which they
// were made, give to its files. The longest At that a name lies below counts. Most containers
// have none.
//
// A file's origin is named by the mount nearest above it of those that show its file system, and
// by the first of several that show the same folder.
func OtherNames(all []Mount) []OtherName {
	var names []OtherName
	for i, m := range all {
		names = append(names, OtherName{m.Point, originIn(all, m.FileSystem, m.Root), true})
		for _, inner := range all {
			rest, ok := below(m.Root, inner.Root)
			if !ok || rest == "" || inner.FileSystem != m.FileSystem {
				continue
			}
			if at := path.Join(m.Point, rest); mountAt(all, at) == i {
				names = append(names, OtherName{at, originIn(all, m.FileSystem, inner.Root), false})
			}
		}
	}
	slices.SortFunc(names, func(a, b OtherName) int { return cmp.Compare(a.At, b.At) })
	names = slices.CompactFunc(names, func(a, b OtherName) bool { return a.At == b.At })
	// A place stands before those below it. It needs no mention where those above say as much.
	var needed []OtherName
	for _, n := range names {
		if originOf(needed, n.At) != n.Origin {
			needed = append(needed, n)
		}
	}
	return needed
}

// mountAt returns the mount that shows a name, -1 for none.
func mountAt(all []Mount, name string) int {
	found := -1
	for i, m := range all {
		if _, ok := below(m.Point, name); ok && (found < 0 || len(m.Point) >= len(all[found].Point)) {
			found = i
		}
	}
	return found
}

// originIn returns the origin name of a place in a file system.
func originIn(all []Mount, fileSystem uint64, place string) string {
	nearest := -1
	for i, m := range all {
		if _, ok := below(m.Root, place); ok && m.FileSystem == fileSystem && (nearest < 0 || len(m.Root) > len(all[nearest].Root)) {
			nearest = i
		}
	}
	rest, _ := below(all[nearest].Root, place)
	return path.Join(all[nearest].Point, rest)
}

// below returns what leads from a directory to a name in it, with a slash in front; nothing
// for the directory itself.
func below(dir, name string) (rest string, ok bool) {
	if dir == "/" {
		return strings.TrimSuffix(name, "/"), true
	}
	rest, ok = strings.CutPrefix(name, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// originOf returns the origin name of what is seen by a name.
func originOf(others []OtherName, name string) string {
	longest := OtherName{At: "/", Origin: "/"}
	for _, o := range others {
		if _, ok := below(o.At, name); ok && len(o.At) >= len(longest.At) {
			longest = o
		}
	}
	rest, _ := below(longest.At, name)
	return path.Join(longest.Origin, rest)
}

// originsOfDir returns the directories besides dir where that lies which is seen in it.
func originsOfDir(others []OtherName, dir string, recursive bool) []string {
	var dirs []string
	add := func(d string) {
		if d != dir && !slices.Contains(dirs, d) && !(recursive && inDir(dir, true, d)) {
			dirs = append(dirs, d)
		}
	}
	add(originOf(others, dir))
	if recursive {
		for _, o := range others {
			if rest, ok := below(dir, o.At); ok && rest != "" && o.Mount {
				add(o.Origin)
			}
		}
	}
	return dirs
}

// originsOfGlob returns globs that match the origins of what g matches as it is seen.
func originsOfGlob(others []OtherName, g *glob.Glob) ([]*glob.Glob, error) {
	var globs []*glob.Glob
	add := func(other *glob.Glob) {
		same := func(known *glob.Glob) bool { return known.String() == other.String() }
		if !same(g) && !slices.ContainsFunc(globs, same) {
			globs = append(globs, other)
		}
	}
	add(g.MapDirs(func(dir string) string { return originOf(others, dir) }))
	for _, o := range others {
		if !o.Mount {
			continue
		}
		if g.Match(o.At) {
			add(glob.Exactly(o.Origin))
		}
		rebased, err := g.Rebase(strings.TrimSuffix(o.At, "/")+"/", strings.TrimSuffix(o.Origin, "/")+"/")
		if err != nil {
			return nil, err
		}
		for _, other := range rebased {
			add(other)
		}
	}
	return globs, nil
}

// originsOfRule returns the rules that say of origin names what r, whose paths are resolved,
// says of what the container sees.
func originsOfRule(others []OtherName, r ProfileRule) ([]ProfileRule, error) {
	if len(others) == 0 {
		return nil, nil
	}
	m := &r.Match
	link := ""
	var paths []string
	switch m.Kind {
	case MatchPath:
		if r.LinkPath != "" {
			link = originOf(others, r.LinkPath)
		}
		if path := originOf(others, m.Path); path != m.Path || link != r.LinkPath {
			paths = append(paths, path)
		}
	case MatchDir:
		paths = originsOfDir(others, m.Path, m.Recursive)
	case MatchGlob:
		globs, err := originsOfGlob(others, r.glob)
		if err != nil {
			return nil, err
		}
		for _, g := range globs {
			paths = append(paths, g.String())
		}
	}
	var rules []ProfileRule
	for _, path := range paths {
		src := r.Rule
		src.Match.Path = path
		other, err := resolveRule(src, r.position, nil)
		if err != nil {
			return nil, err
		}
		other.LinkPath, other.LinkName = link, r.LinkName
		rules = append(rules, other)
	}
	return rules, nil
}

// originsOfSources adds the origin names of the programs that a rule is narrowed to.
func originsOfSources(others []OtherName, sources []Source) []Source {
	if len(others) == 0 {
		return sources
	}
	all := slices.Clone(sources)
	add := func(s Source) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	for _, s := range sources {
		if s.Path != "" {
			add(Source{Path: originOf(others, s.Path)})
			continue
		}
		for _, dir := range originsOfDir(others, s.Dir, s.Recursive) {
			add(Source{Dir: dir, Recursive: s.Recursive})
		}
	}
	return all
}
