package policy

import (
	"slices"

	"kubearmor.io/policy/syscalls"
)

// Features are what an enforcer can carry out on a node.
type Features struct {
	// Enforcer names it in reasons, e.g. "the BPF enforcer".
	Enforcer string

	Sources    bool // fromSource
	Arguments  bool // allowedArgs
	Endpoints  bool // matchEndpoints
	Mappings   bool // executable mappings and loaders of blocked programs
	OtherNames bool // names beside the origin name; other names for blocked files
	Presets    map[PresetName]bool
	Syscalls   bool // system calls, by name
	// SyscallPaths: system calls about a path.
	SyscallPaths bool
	ProcessPath  bool // path rules for processes and files at all
}

// BPF returns what the BPF enforcer of this version can carry out.
func BPF() Features {
	return Features{
		Enforcer: "the BPF enforcer", ProcessPath: true, Mappings: true, OtherNames: true, Sources: true, Arguments: true, Endpoints: true, Syscalls: true,
		Presets: map[PresetName]bool{
			PresetProtectEnv: true, PresetProtectProc: true, PresetExec: true, PresetFilelessExec: true, PresetAnonymousMapExec: true,
		},
	}
}

// Unsupported is a rule that an enforcer cannot carry out.
type Unsupported struct {
	Policy Ref
	Field  string
	Reason string
	// Partly: the rule is enforced, but for the operations that Reason names.
	Partly bool
}

// Supports lists the rules of a profile that an enforcer with these features cannot carry
// out, in the order of the profile; fields that nothing enforces come with their policy.
func Supports(p *Profile, f Features) []Unsupported {
	var out []Unsupported
	add := func(u Unsupported) {
		// A rule for other names stands behind the one that it was made from.
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	for i := range p.Policies {
		pol := &p.Policies[i]
		for _, n := range pol.NotEnforced {
			add(Unsupported{Policy: pol.Ref, Field: n.Field, Reason: n.Reason})
		}
		for r := range pol.Rules {
			rule := &pol.Rules[r]
			if reason := f.missing(rule); reason != "" {
				add(Unsupported{Policy: pol.Ref, Field: rule.Field, Reason: f.Enforcer + " " + reason})
			} else if reason := f.missingPart(rule); reason != "" {
				add(Unsupported{Policy: pol.Ref, Field: rule.Field, Reason: f.Enforcer + " " + reason, Partly: true})
			}
		}
	}
	return out
}

// Enforces says whether the rule takes part in the enforcer's decisions.
func (f Features) Enforces(r *ProfileRule) bool { return f.missing(r) == "" }

func (f Features) missing(r *ProfileRule) string {
	switch {
	case (r.Category == Process || r.Category == File) && !f.ProcessPath:
		return "does not judge paths here"
	case r.FromSource != nil && !f.Sources:
		return "does not judge by fromSource yet"
	case r.AllowedArgs != nil && !f.Arguments:
		return "does not judge arguments yet"
	case r.Match.Kind == MatchEndpoint && !f.Endpoints:
		return "does not judge addresses yet"
	case r.Match.Kind == MatchPreset && !f.Presets[r.Match.Preset]:
		return "does not carry out the preset " + string(r.Match.Preset) + " yet"
	case r.Match.Kind == MatchSyscall && !f.Syscalls:
		return "does not watch system calls here"
	case r.Match.Kind == MatchSyscall && r.Match.Path != "" && !f.SyscallPaths:
		return "does not tell which file a system call is about: use a file rule with action Audit, or matchSyscalls"
	case r.Match.Kind == MatchSyscall && !slices.ContainsFunc(r.Match.Syscalls, syscalls.Known):
		return "watches x86-64, which has no system call " + r.Match.Syscalls[0]
	}
	return ""
}

// missingPart names the operations of an enforced rule that are not judged.
func (f Features) missingPart(r *ProfileRule) string {
	named := r.Match.Kind == MatchPath || r.Match.Kind == MatchExecName
	if r.Category == Process && r.Action == Block && named && !f.Mappings {
		return "does not judge executable mappings yet, so the file's code can be run through its loader (ld.so PROGRAM)"
	}
	if r.Match.Kind == MatchSyscall {
		if i := slices.IndexFunc(r.Match.Syscalls, func(name string) bool { return !syscalls.Known(name) }); i >= 0 {
			return "watches x86-64, which has no system call " + r.Match.Syscalls[i]
		}
	}
	if r.KeepsNames() && !f.OtherNames {
		return "does not keep a blocked file from getting another name yet (link, rename)"
	}
	return ""
}
