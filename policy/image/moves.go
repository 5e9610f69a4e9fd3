package image

import (
	"fmt"
	"slices"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// A rename, exchange or link is judged under both names, and besides by what it gives away:
// what is blocked under the old name and would not be under the new one. Which pairs of names
// those are is asked of the reference evaluator, class of old names by class of new ones.

// maxMoveWords bounds the table of a category.
const maxMoveWords = 1 << 18

// maxMovePairs bounds the pairs of names that are judged to fill it.
const maxMovePairs = 1 << 22

// contestMoves is the first of the contests of groups, two for each; see contestBaseline.
const contestMoves = -1000

// moves are the groups of one category with what their patterns stand for.
type moves struct {
	groups []policy.Group
	words  []uint32 // see HeaderFileMoves
	to     uint32   // the number of new classes
	// classes of each set of the category's automaton
	classFrom, classTo []uint32
}

// class returns the word that tells the classes of a set as the old and as the new name.
func (m *moves) class(set int) uint32 { return m.classFrom[set]<<MoveColumnBits | m.classTo[set] }

// collectMoves adds the patterns by which the automaton of a category tells what a move of
// a name would give away.
func (c *compiler) collectMoves(cat policy.Category, to *[]automaton.Pattern) error {
	m := &c.moves[cat]
	if c.profile.Host {
		return nil
	}
	m.groups = c.profile.Groups(cat, policy.BPF().Enforces)
	for i := range m.groups {
		if err := c.collectGroup(&m.groups[i], contestMoves-4*i, to); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) collectGroup(g *policy.Group, contest int, to *[]automaton.Pattern) error {
	above := map[string]policy.RuleRef{}
	keeps, holds := false, false
	for _, ref := range g.Rules {
		r := c.profile.At(ref)
		if !r.KeepsNames() {
			continue
		}
		keeps = true
		holds = holds || r.Match.Kind != policy.MatchPath
		for _, name := range aboveOf(r) {
			// Of those with the same name the most specific is named.
			if _, ok := above[name]; !ok {
				above[name] = ref
			}
		}
	}
	if !keeps {
		return nil
	}
	ids := map[policy.RuleRef]int{}
	for name, ref := range above {
		id, ok := ids[ref]
		if !ok {
			id = len(c.meanings)
			ids[ref] = id
			c.meanings = append(c.meanings, meaning{role: roleAbove, ref: ref})
		}
		*to = append(*to, automaton.Pattern{ID: id, Kind: automaton.Exact, Path: name})
	}
	if !holds {
		return nil
	}
	var run run
	for rank, ref := range g.Rules {
		r := c.profile.At(ref)
		if r.KeepsNames() {
			addBelow(to, holdsBelow(r), c.claimBelow(meaning{role: roleHolds, ref: ref}, contest, rank))
		}
		if r.Match.Kind == policy.MatchExecName && r.Action != policy.Block {
			run.pattern.ID = 0 // what lies before it is not what lies behind
		}
		patterns := mattersBelow(r)
		if len(patterns) == 0 {
			continue
		}
		conditional := r.Action == policy.Block && r.Conditional()
		if conditional || run.pattern.ID == 0 || (run.action == policy.Block) != (r.Action == policy.Block) {
			run.pattern, run.action = c.claimBelow(meaning{role: roleBelow, ref: ref}, contest-1, rank), r.Action
		}
		addBelow(to, patterns, run.pattern)
		if conditional {
			run.pattern.ID = 0
		}
	}
	return nil
}

// run is rules that follow each other and say the same of what is below a directory: either
// that it stays blocked or that it may not. They share an ID.
type run struct {
	pattern automaton.Pattern
	action  policy.Action
}

// claimBelow returns a pattern to fill in. What is not conditional settles the question for
// all rules that come after it.
func (c *compiler) claimBelow(m meaning, contest, rank int) automaton.Pattern {
	c.meanings = append(c.meanings, m)
	p := automaton.Pattern{ID: len(c.meanings) - 1}
	if r := c.profile.At(m.ref); r.Action != policy.Block || !r.Conditional() {
		p.Contest, p.Rank = contest, rank
	}
	return p
}

func addBelow(to *[]automaton.Pattern, patterns []automaton.Pattern, as automaton.Pattern) {
	for _, p := range patterns {
		p.ID, p.Contest, p.Rank = as.ID, as.Contest, as.Rank
		*to = append(*to, p)
	}
}

// aboveOf returns the directories above what a rule is about, and the link that it names.
func aboveOf(r *policy.ProfileRule) []string {
	names := dirsAbove(r.Anchor())
	if r.LinkPath != "" {
		names = append(append(names, r.LinkPath), dirsAbove(r.LinkPath)...)
	}
	return names
}

// dirsAbove returns the directories above a name, without the root, which can't be moved.
func dirsAbove(name string) []string {
	var dirs []string
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name, '/') {
		name = name[:i]
		dirs = append(dirs, name)
	}
	return dirs
}

// holdsBelow are the patterns of policy.NameFacts.Holds.
func holdsBelow(r *policy.ProfileRule) []automaton.Pattern {
	switch r.Match.Kind {
	case policy.MatchDir:
		if r.Match.Recursive {
			return []automaton.Pattern{{Kind: automaton.DirRecursive, Path: r.Match.Path}}
		}
		return []automaton.Pattern{{Kind: automaton.Exact, Path: r.Match.Path}}
	case policy.MatchGlob:
		var patterns []automaton.Pattern
		for _, g := range r.Below() {
			patterns = append(patterns, automaton.Pattern{Kind: automaton.Glob, Glob: g})
		}
		return patterns
	}
	return nil
}

// mattersBelow are those of policy.NameFacts.Below.
func mattersBelow(r *policy.ProfileRule) []automaton.Pattern {
	if r.Action == policy.Block {
		if r.Match.Kind == policy.MatchDir && r.Match.Recursive {
			return holdsBelow(r)
		}
		return nil
	}
	patterns := holdsBelow(r)
	for _, dir := range dirsAbove(r.Anchor()) {
		patterns = append(patterns, automaton.Pattern{Kind: automaton.Exact, Path: dir})
	}
	return patterns
}

// factsOf translates the set of an automaton for each group.
func (c *compiler) factsOf(m *moves, set []int) []policy.NameFacts {
	facts := make([]policy.NameFacts, len(m.groups))
	for _, id := range set {
		mean := c.meanings[id]
		if mean.role == roleBaseline || mean.role == roleProgram || mean.role == roleProgramAbove {
			continue
		}
		i := slices.IndexFunc(m.groups, func(g policy.Group) bool { return g.Holds(mean.ref) })
		if i < 0 {
			continue
		}
		f := &facts[i]
		switch mean.role {
		case roleRule, roleLink:
			// Where a link is named, what it leads to is the rule's; aboveOf has the link itself.
			if (mean.role == roleLink) == (c.profile.At(mean.ref).LinkName != "") {
				f.Match = append(f.Match, mean.ref)
			}
		case roleAbove:
			f.Above = append(f.Above, mean.ref)
		case roleHolds:
			f.Holds = append(f.Holds, mean.ref)
		case roleBelow:
			f.Below = append(f.Below, mean.ref)
		}
	}
	for i := range facts {
		for _, refs := range [][]policy.RuleRef{facts[i].Match, facts[i].Above, facts[i].Holds, facts[i].Below} {
			m.groups[i].Sort(refs)
		}
	}
	return facts
}

// classes numbers what behaves alike; 0 is what a name without rules does.
type classes struct {
	index map[string]uint32
	facts [][]policy.NameFacts
}

func (k *classes) number(key string, facts []policy.NameFacts) uint32 {
	n, ok := k.index[key]
	if !ok {
		n = uint32(len(k.facts))
		if k.index == nil {
			k.index = map[string]uint32{}
		}
		k.index[key] = n
		k.facts = append(k.facts, facts)
	}
	return n
}

// compileMoves fills the table of a category for the sets of its automaton. Old names for
// which every new one does the same share a row.
func (c *compiler) compileMoves(cat policy.Category, a *automaton.Automaton) error {
	m := &c.moves[cat]
	m.classFrom, m.classTo = make([]uint32, a.NumSets()), make([]uint32, a.NumSets())
	var from, to classes
	for set := range a.NumSets() {
		facts := c.factsOf(m, a.Set(automaton.SetID(set)))
		m.classFrom[set] = from.number(c.oldKey(facts), facts)
		m.classTo[set] = to.number(c.newKey(m.groups, facts), facts)
	}
	m.to = uint32(len(to.facts))
	if pairs := len(from.facts) * len(to.facts); pairs > maxMovePairs {
		return c.refusedForMoves(cat, pairs)
	}
	rowOf := make([]uint32, len(from.facts))
	pairs := make([]uint32, 0, 2*len(from.facts))
	index := map[[2]uint32]uint32{} // of the pairs
	var table rowTable
	for i, f := range from.facts {
		var pair [2]uint32
		for dir := range pair {
			row := make([]uint32, 0, m.to)
			for _, t := range to.facts {
				row = append(row, c.moveWord(m, f, t, dir == 1))
			}
			pair[dir] = table.add(row)
		}
		n, ok := index[pair]
		if !ok {
			n = uint32(len(index))
			index[pair] = n
			pairs = append(pairs, pair[:]...)
		}
		rowOf[i] = n
	}
	for i := range pairs {
		if pairs[i]&MoveConstant == 0 {
			pairs[i] += uint32(len(pairs))
		}
	}
	m.words = append(pairs, table.words...)
	if len(m.words) > maxMoveWords || m.to > 1<<MoveColumnBits || len(index) > 1<<(32-MoveColumnBits) {
		return &TooComplexError{Problem: fmt.Sprintf("what renaming gives away takes %d decisions, the limit is %d: use fewer conditions on rules", len(m.words), maxMoveWords)}
	}
	for set := range m.classFrom {
		m.classFrom[set] = rowOf[m.classFrom[set]]
	}
	return nil
}

// refusedForMoves says that rules with conditions of their own tell too many names apart.
func (c *compiler) refusedForMoves(cat policy.Category, pairs int) error {
	problem := fmt.Sprintf("what renaming gives away is judged for %d pairs of names, the limit is %d: use fewer rules with conditions (fromSource, ownerOnly, pts), or directories", pairs, maxMovePairs)
	return c.refused(problem, func(r *policy.ProfileRule) bool {
		return r.Category == cat && r.Action == policy.Block && r.Opaque()
	})
}

// rowTable holds the rows for old names, each once.
type rowTable struct {
	words []uint32
	known map[string]uint32
}

// add returns the place of a row, or what is the same for all new names.
func (t *rowTable) add(row []uint32) uint32 {
	if !slices.ContainsFunc(row, func(w uint32) bool { return w != row[0] }) {
		return MoveConstant | row[0]
	}
	key := fmt.Sprint(row)
	at, ok := t.known[key]
	if !ok {
		if t.known == nil {
			t.known = map[string]uint32{}
		}
		at = uint32(len(t.words))
		t.known[key] = at
		t.words = append(t.words, row...)
	}
	return at
}

func (c *compiler) moveWord(m *moves, from, to []policy.NameFacts, dir bool) uint32 {
	var guards []policy.RuleRef
	for i := range m.groups {
		f, t := from[i], to[i]
		// One name is one rule's exact path; the other is another name.
		t.Match = slices.DeleteFunc(slices.Clone(t.Match), func(ref policy.RuleRef) bool {
			r := c.profile.At(ref)
			return r.Action == policy.Block && r.Match.Kind == policy.MatchPath && r.Opaque()
		})
		guards = append(guards, c.profile.MoveGuards(&m.groups[i], &f, &t, dir)...)
	}
	if len(guards) == 0 {
		return 0
	}
	none := func(int) int { return -1 }
	return c.outcomes.number(c.profile.Judge(policy.OpWrite, policy.Facts{Winner: none, Baseline: true, Guard: guards}))
}

// oldKey says of facts what matters where they are those of the old name.
func (c *compiler) oldKey(facts []policy.NameFacts) string {
	var key strings.Builder
	for _, f := range facts {
		key.WriteByte('|')
		if slices.ContainsFunc(f.Match, func(ref policy.RuleRef) bool { return c.profile.At(ref).KeepsNames() }) {
			for _, ref := range f.Match {
				if c.profile.At(ref).KeepsNames() {
					fmt.Fprint(&key, ref)
				}
				key.WriteString(c.conditionsOf(ref))
			}
		}
		fmt.Fprint(&key, f.Above, f.Holds)
	}
	return key.String()
}

// newKey likewise for the new name.
func (c *compiler) newKey(groups []policy.Group, facts []policy.NameFacts) string {
	var key strings.Builder
	for i, f := range facts {
		key.WriteByte('|')
		for _, ref := range f.Match {
			key.WriteString(c.conditionsOf(ref))
			if !c.profile.At(ref).Conditional() {
				break
			}
		}
		key.WriteByte('/')
		for _, ref := range f.Below {
			r := c.profile.At(ref)
			if r.Action == policy.Block && (r.Conditional() || groups[i].HasNames()) {
				fmt.Fprint(&key, ref)
			}
			fmt.Fprint(&key, r.Action == policy.Block)
			if !r.Conditional() || r.Action != policy.Block {
				break
			}
		}
	}
	return key.String()
}

// conditionsOf tells rules apart as far as the decisions on two names do.
func (c *compiler) conditionsOf(ref policy.RuleRef) string {
	r := c.profile.At(ref)
	s := fmt.Sprint(r.Action == policy.Block, r.ReadOnly, r.OwnerOnly, r.PTS, r.Opaque(), ";")
	if r.Opaque() {
		s += fmt.Sprint(ref)
	}
	return s
}
