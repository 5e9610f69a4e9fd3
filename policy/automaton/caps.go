package automaton

import (
	"fmt"
	"strconv"
	"strings"
)

// Defaults of Caps.
const (
	DefaultStates = 1 << 20
	DefaultBytes  = 3<<20 + 1<<19
)

// Limits that bound the memory and the work of building whatever the caps are;
// they are counted, not timed, so that they are met alike on every machine.
const (
	maxGlobBytes = 1 << 20    // bytes in all globs and base names: about their positions
	maxSteps     = 40_000_000 // glob positions looked at
	maxItems     = 4 << 20    // glob positions remembered
	maxPairs     = 1 << 18    // states that are no path's beginning: those that globs multiply
	maxEdges     = 2 << 20    // transitions before equal states are merged
)

// Caps bounds an automaton and the building of it. A zero field stands for its
// default.
type Caps struct {
	// States bounds the states, before equal ones are merged too.
	States int
	// Bytes bounds the size of the packed form, after merging.
	Bytes int
}

func (c Caps) withDefaults() Caps {
	if c.States <= 0 {
		c.States = DefaultStates
	}
	if c.Bytes <= 0 {
		c.Bytes = DefaultBytes
	}
	return c
}

// TooComplexError says that a set of patterns needs more than the caps allow.
type TooComplexError struct {
	What  string // states, bytes, transitions, …
	Limit int
	// Patterns are the globs that add most, the worst first; empty where no glob is to
	// blame.
	Patterns []Pattern
}

// Problem says what is too much.
func (e *TooComplexError) Problem() string {
	return fmt.Sprintf("the rules together are too complex: they need more than %d %s", e.Limit, e.What)
}

const blamed = 5 // patterns that a message names at most

func (e *TooComplexError) Error() string {
	if len(e.Patterns) == 0 {
		return e.Problem() + "; use fewer or shorter paths, or directories instead of single files"
	}
	var texts []string
	for _, p := range e.Patterns[:min(blamed, len(e.Patterns))] {
		texts = append(texts, strconv.Quote(p.text()))
	}
	return e.Problem() + "; simplify or drop globs with several ** or ? (the costliest: " + strings.Join(texts, ", ") + ")"
}

// budget watches the caps while an automaton is built.
type budget struct {
	caps Caps
}

func newBudget(c Caps) *budget { return &budget{caps: c.withDefaults()} }

// spend checks what there is so far.
func (b *budget) spend(states, edges int) error {
	switch {
	case states > b.caps.States:
		return &TooComplexError{What: "states", Limit: b.caps.States}
	case edges > maxEdges:
		return &TooComplexError{What: "transitions", Limit: maxEdges}
	}
	return nil
}

// size checks the packed form. Mostly the sum of its parts shows that it is far
// from the cap, or beyond it without any gaps.
func (b *budget) size(a *Automaton) error {
	parts := (a.NumStates() + a.NumEdges()) * cellBytes
	if parts <= b.caps.Bytes/2 || parts <= b.caps.Bytes && a.Pack().Size() <= b.caps.Bytes {
		return nil
	}
	return &TooComplexError{What: "bytes", Limit: b.caps.Bytes}
}
