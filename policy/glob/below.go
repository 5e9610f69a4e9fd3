package glob

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
