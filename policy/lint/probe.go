package lint

import (
	"path"

	"kubearmor.io/policy"
)

// probeName is a name that no rule is about by itself; it stands for any file of a directory.
const probeName = "karmor-lint"

// probes returns operations that the rule matches, one for each kind it is about; none
// where a sample would say nothing, as for globs.
func probes(r *policy.ProfileRule) []*policy.Operation {
	op := policy.Operation{Owner: true, TTY: true, Source: sourceOf(r)}
	switch r.Match.Kind {
	case policy.MatchPath:
		op.Names, op.StartedBy = policy.Name(r.Match.Path), path.Base(r.Match.Path)
		if r.LinkName != "" {
			op.StartedBy = r.LinkName
		}
	case policy.MatchDir:
		op.Names, op.StartedBy = policy.Name(path.Join(r.Match.Path, probeName)), probeName
	case policy.MatchCapability:
		op.Kind, op.Capability = policy.OpCapability, r.Match.Capability
		return []*policy.Operation{&op}
	case policy.MatchProtocol:
		return socketProbes(op, r.Match.Protocol)
	default:
		return nil
	}
	kinds := []policy.OpKind{policy.OpExec}
	if r.Category == policy.File {
		kinds = []policy.OpKind{policy.OpRead}
		if !r.ReadOnly {
			kinds = append(kinds, policy.OpWrite)
		}
	}
	var all []*policy.Operation
	for _, k := range kinds {
		o := op
		o.Kind = k
		all = append(all, &o)
	}
	return all
}

func sourceOf(r *policy.ProfileRule) policy.Names {
	if len(r.FromSource) == 0 {
		return policy.Names{}
	}
	s := r.FromSource[0]
	if s.Path != "" {
		return policy.Name(s.Path)
	}
	return policy.Name(path.Join(s.Dir, probeName))
}

func socketProbes(op policy.Operation, protocol policy.Protocol) []*policy.Operation {
	const inet, stream, dgram = 2, 1, 2
	op.Kind, op.Family = policy.OpSocket, inet
	switch protocol {
	case policy.ProtoTCP:
		op.SockType = stream
	case policy.ProtoUDP:
		op.SockType = dgram
	default:
		return nil
	}
	return []*policy.Operation{&op}
}
