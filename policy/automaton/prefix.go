package automaton

import "kubearmor.io/policy/glob"

// Globs that begin alike share the positions of what they have in common: of 200 globs
// that begin with /**/ a name is at one double star, not at 200.

// part is what remains of a glob; literals are cut into their bytes.
type part struct {
	group int32
	rest  glob.Sequence
}

func newPart(group int32, seq glob.Sequence) part {
	p := part{group: group}
	for _, node := range seq {
		lit, ok := node.(glob.Literal)
		if !ok {
			p.rest = append(p.rest, node)
		}
		for i := range len(lit) {
			p.rest = append(p.rest, lit[i:i+1])
		}
	}
	return p
}

// beginning is what parts that can share their first position have in common.
type beginning struct {
	kind    beginningKind
	literal byte
	// chars: what counts characters follows, on which the meaning of stars depends.
	chars bool
}

type beginningKind uint8

const (
	beginsByte beginningKind = iota
	beginsRun
	beginsPath
)

// beginning returns false for a part that shares nothing: its first node is its last, so
// that it says what matches, or is more than a byte or a star.
func (p part) beginning() (beginning, bool) {
	if len(p.rest) < 2 {
		return beginning{}, false
	}
	b := beginning{chars: countsChars(glob.Alternation{p.rest[1:]})}
	switch node := p.rest[0].(type) {
	case glob.Literal:
		b.literal = node[0]
	case glob.AnyRun:
		b.kind = beginsRun
	case glob.AnyPath:
		b.kind = beginsPath
	default:
		return b, false
	}
	return b, true
}

// addParts adds the positions of globs and returns where they begin.
func (n *nfa) addParts(parts []part) []int32 {
	var order []beginning
	families := map[beginning][]part{}
	var first []int32
	for _, p := range parts {
		b, ok := p.beginning()
		if !ok {
			first = append(first, n.addPart(p)...)
			continue
		}
		if len(families[b]) == 0 {
			order = append(order, b)
		}
		families[b] = append(families[b], p)
	}
	for _, b := range order {
		if family := families[b]; len(family) == 1 {
			first = append(first, n.addPart(family[0])...)
		} else {
			first = append(first, n.addFamily(family)...)
		}
	}
	return first
}

func (n *nfa) addPart(p part) []int32 {
	s := sequencer{nfa: n, group: p.group}
	end := n.add(position{kind: accepts, group: p.group})
	return s.sequence(p.rest, []int32{end})
}

// addFamily adds parts that begin alike, as far as they do so as one.
func (n *nfa) addFamily(family []part) []int32 {
	var common glob.Sequence
	var b beginning
	for alike := true; alike; {
		b, _ = family[0].beginning()
		common = append(common, family[0].rest[0])
		for i := range family {
			family[i].rest = family[i].rest[1:]
		}
		for _, p := range family {
			next, ok := p.beginning()
			first, _ := family[0].beginning()
			alike = alike && ok && next == first
		}
	}
	all := group{kind: Glob}
	for _, p := range family {
		all.ids = append(all.ids, n.groups[p.group].ids...)
	}
	next := n.addParts(family)
	n.groups = append(n.groups, all)
	s := sequencer{nfa: n, group: int32(len(n.groups) - 1), chars: b.chars, family: true}
	return s.sequence(common, next)
}
