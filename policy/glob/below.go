package glob

import "strings"

// MatchBelow reports whether the glob may match some name strictly below dir, an
// absolute name without a trailing slash (the root is "/").
func (g *Glob) MatchBelow(dir string) bool {
	prefix := dir + "/"
	if dir == "/" {
		prefix = dir
	}
	for _, pc := range g.after(prefix) {
		switch g.prog[pc].op {
		case opUnit, opClass, opAny:
			return true // something is still to be read, and every way leads to a match
		}
	}
	return false
}

// after returns the instructions that are reached when prefix has been read.
func (g *Glob) after(prefix string) []int {
	now := &threads{seen: make([]bool, len(g.prog))}
	now.enter(g.prog, 0)
	for prefix != "" && len(now.list) > 0 {
		u, size := nextUnit(prefix)
		prefix = prefix[size:]
		next := &threads{seen: make([]bool, len(g.prog))}
		for _, pc := range now.list {
			if g.prog[pc].takes(u) {
				next.enter(g.prog, pc+1)
			}
		}
		now = next
	}
	return now.list
}

// Below returns globs that match the directories below which the glob may match a name. From
// the first ** on, or a slash between braces, they match every directory.
func (g *Glob) Below() []*Glob {
	var out []*Glob
	var head Sequence
	for _, node := range g.seq {
		lit, literal := node.(Literal)
		if spansDirs(node) {
			return append(out, fromSequence(head.join(AnyPath{})))
		}
		if !literal {
			head = head.join(node)
			continue
		}
		for i := range len(lit) {
			if lit[i] == '/' && (i > 0 || len(head) > 0) {
				out = append(out, fromSequence(head.join(lit[:i])))
			}
		}
		head = head.join(lit)
	}
	return out
}

// spansDirs says whether a part may match a slash that is not a literal one.
func spansDirs(n Node) bool {
	switch n := n.(type) {
	case AnyPath:
		return true
	case Alternation:
		for _, branch := range n {
			for _, inner := range branch {
				lit, _ := inner.(Literal)
				if strings.Contains(string(lit), "/") || spansDirs(inner) {
					return true
				}
			}
		}
	}
	return false
}
