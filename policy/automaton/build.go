package automaton

// Build compiles patterns into one automaton. Its error is a *TooComplexError
// where a cap is met, and says which pattern is wrong otherwise.
func Build(patterns []Pattern, caps Caps) (*Automaton, error) { return compile(patterns, nil, caps) }

// BuildAliased does so for names of which some are judged under two spellings.
func BuildAliased(patterns []Pattern, alias Alias, caps Caps) (*Automaton, error) {
	if err := alias.check(); err != nil {
		return nil, err
	}
	return compile(patterns, &alias, caps)
}

func compile(patterns []Pattern, alias *Alias, caps Caps) (*Automaton, error) {
	groups, err := groupPatterns(patterns)
	if err != nil {
		return nil, err
	}
	c, err := newContests(patterns)
	if err != nil {
		return nil, err
	}
	b := newBudget(caps)
	t, err := newTrie(groups, alias, c, b)
	if err != nil {
		return nil, err
	}
	n, err := newNFA(groups)
	if err != nil {
		return nil, err
	}
	p := newProduct(t, newSubsets(n, c), alias, b)
	if err := p.explore(); err != nil {
		return nil, p.blame(err)
	}
	a := number(&p.rows, p.accept, merge(&p.rows, p.accept), 0, p.sets.sets)
	if err := b.size(a); err != nil {
		return nil, p.blame(err)
	}
	return a, nil
}
