package policy

import (
	"cmp"

	"kubearmor.io/policy/glob"
)

// specificity orders the rules of a policy (and the Blocks of several): the smaller
// comes first and wins. The fields are compared in the order they stand in.
type specificity struct {
	withoutSource uint8 // 0 with fromSource
	class         uint8
	bytes         int // negated: more bytes that stand for themselves come first
	recursive     uint8
	action        Action
}

const (
	classPreset = iota // a preset names one thing only
	classPath
	classExecName
	classGlob
	classDir
	classEndpoint
	classProtocol
	classAll
)

// specificityOf computes the key of a rule whose paths are resolved.
func specificityOf(r *Rule) specificity {
	s := specificity{action: r.Action}
	if r.FromSource == nil {
		s.withoutSource = 1
	}
	m := &r.Match
	switch m.Kind {
	case MatchPreset:
		s.class = classPreset
	case MatchPath, MatchCapability, MatchSyscall:
		s.class = classPath
	case MatchExecName:
		s.class = classExecName
	case MatchGlob:
		s.class, s.bytes = classGlob, -globLiteralBytes(m.Path)
	case MatchDir:
		s.class, s.bytes = classDir, -len(m.Path)
		if m.Recursive {
			s.recursive = 1
		}
	case MatchEndpoint:
		s.class, s.bytes = classEndpoint, -endpointBits(m.Endpoint)
	case MatchProtocol:
		s.class = classProtocol
		if m.Protocol == ProtoAll {
			s.class = classAll
		}
	}
	return s
}

// endpointBits counts what an endpoint rule narrows: the prefix first, then ports, then protocol.
func endpointBits(e *Endpoint) int {
	n := 0
	if e.CIDR.IsValid() {
		n = (e.CIDR.Bits() + 1) * 4
	}
	if len(e.Ports) > 0 {
		n += 2
	}
	if e.Protocol != "" && e.Protocol != ProtoAll {
		n++
	}
	return n
}

func globLiteralBytes(pattern string) int {
	g, err := glob.Parse(pattern)
	if err != nil {
		return 0
	}
	return g.LiteralBytes()
}

func (a specificity) compare(b specificity) int {
	return cmp.Or(
		cmp.Compare(a.withoutSource, b.withoutSource),
		cmp.Compare(a.class, b.class),
		cmp.Compare(a.bytes, b.bytes),
		cmp.Compare(a.recursive, b.recursive),
		cmp.Compare(a.action, b.action),
	)
}
