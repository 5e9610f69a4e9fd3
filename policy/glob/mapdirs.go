package glob

// MapDirs returns the glob with each literal directory that it may begin with replaced by
// what f gives for it: in /{bin,sbin}/x* those are /bin and /sbin. It is how the links in a
// container's root are resolved.
func (g *Glob) MapDirs(f func(dir string) string) *Glob {
	if dir := g.LiteralDir(); dir != "" {
		g = g.WithDir(f(dir))
	}
	changed := false
	var branches Alternation
	for _, e := range g.Expand() {
		dir := e.LiteralDir()
		if dir != "" && dir != g.LiteralDir() && f(dir) != dir {
			changed, e = true, e.WithDir(f(dir))
		}
		branches = append(branches, e.seq)
	}
	if !changed {
		return g
	}
	// Each branch begins with the slash that the glob begins with; an alternation can't.
	for i, seq := range branches {
		lit, _ := seq[0].(Literal)
		branches[i] = Sequence{}.join(lit[1:]).join(seq[1:]...)
	}
	return fromSequence(Sequence{Literal("/"), branches})
}
