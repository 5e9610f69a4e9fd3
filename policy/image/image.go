package image

import (
	"encoding/binary"
	"errors"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// Image is a compiled profile.
type Image struct {
	Words []uint32
	// Outcomes are the decisions that the image's decision words lead to; an event
	// carries the index. Outcome 0 is "allowed, no event".
	Outcomes []policy.Decision
	// ProfileHash identifies the profile the image was compiled from.
	ProfileHash string
}

// Bytes returns the image as it is written into a slab: little-endian words.
func (m *Image) Bytes() []byte {
	b := make([]byte, 0, len(m.Words)*4)
	for _, w := range m.Words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// TooComplexError says that a set of policies exceeds a limit of the image. It is the
// same in admission, in karmor and in the agent, because all of them call Compile.
type TooComplexError struct {
	Problem string   // what exceeds which limit
	Rules   []string // the rules that cost most, where that can be told
}

func (e *TooComplexError) Error() string {
	s := "TooComplex: " + e.Problem
	if len(e.Rules) > 0 {
		s += "; simplify or split " + strings.Join(e.Rules, ", ")
	}
	return s
}

// Compile turns a profile into an image. Rules that Supports reports as not enforceable
// take part in no decision. The error is a *TooComplexError, or one that names the rule.
func Compile(p *policy.Profile) (*Image, error) {
	c := &compiler{profile: p, outcomes: newOutcomes()}
	c.claims = newClaims(p, &c.sources)
	if err := c.collect(); err != nil {
		return nil, err
	}
	if len(c.arguments.lists) > maxArgumentLists {
		return nil, c.refusedForArguments()
	}
	w, err := c.assemble()
	if err == nil && c.sources.work > maxSourceWork {
		err = c.refusedForSources()
	}
	if err == nil && c.arguments.work > maxArgumentWork {
		err = c.refusedForArguments()
	}
	if err != nil {
		return nil, err
	}
	return &Image{Words: w, Outcomes: c.outcomes.list, ProfileHash: p.Hash()}, nil
}

// build runs the automaton compiler and translates its refusal.
func (c *compiler) build(what string, patterns []automaton.Pattern) (*automaton.Automaton, error) {
	a, err := automaton.Build(patterns, automaton.Caps{})
	return a, c.refusal(what, err)
}

func (c *compiler) refusal(what string, err error) error {
	var complexity *automaton.TooComplexError
	if !errors.As(err, &complexity) {
		return err
	}
	refused := &TooComplexError{Problem: what + ": " + complexity.Problem(), Rules: c.ruleNames(complexity.Patterns)}
	if len(refused.Rules) == 0 {
		refused.Problem += "; use fewer or shorter paths, or directories instead of single files"
	}
	return refused
}
