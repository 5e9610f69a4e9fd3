package policy

import (
	"fmt"
	"slices"
	"strings"

	v1 "kubearmor.io/api/security/v1"
	"kubearmor.io/policy/glob"
)

const (
	capabilitiesField = "spec.capabilities"
	syscallsField     = "spec.syscalls"
	presetsField      = "spec.presets"
)

func (v *validator) capabilities(s *v1.CapabilityRules, above v1.Attributes) {
	if s == nil {
		return
	}
	v.attributes(capabilitiesField, s.Attributes, allActions)
	above = inherit(s.Attributes, above)
	for i, r := range s.MatchCapabilities {
		field := indexField(capabilitiesField+".matchCapabilities", i)
		c, ok := ParseCapability(r.Capability)
		switch {
		case r.Capability == "":
			v.fail(field, "has no capability", "name one, such as net_raw")
		case !ok:
			v.fail(field+".capability", fmt.Sprintf("%q is no capability", r.Capability), unknownCapability(r.Capability))
		}
		v.attributes(field, r.Attributes, allActions)
		v.add(Rule{
			Field: field, Category: Capabilities, Match: Matcher{Kind: MatchCapability, Capability: c},
			PTS: r.PTS, FromSource: v.sources(field, r.FromSource),
		}, inherit(r.Attributes, above))
	}
}

func unknownCapability(name string) string {
	if near := nearest(strings.TrimPrefix(strings.ToLower(name), "cap_"), capabilityNames[:]); near != "" {
		return "did you mean " + near + "?"
	}
	return "use a name of capabilities(7), such as net_raw"
}

// syscalls rules report only: spec.action is not theirs to inherit.
func (v *validator) syscalls(s *v1.SyscallRules, above v1.Attributes) {
	if s == nil {
		return
	}
	v.attributes(syscallsField, s.Attributes, syscallActions)
	above.Action = v1.ActionAudit
	above = inherit(s.Attributes, above)
	for i, r := range s.MatchSyscalls {
		field := indexField(syscallsField+".matchSyscalls", i)
		v.syscallRule(field, Matcher{Syscalls: r.Syscall}, r.FromSource, r.Attributes, above)
	}
	for i, r := range s.MatchPaths {
		field := indexField(syscallsField+".matchPaths", i)
		m := Matcher{Path: v.syscallPath(field, r), Recursive: r.Recursive, Syscalls: r.Syscall}
		v.syscallRule(field, m, r.FromSource, r.Attributes, above)
	}
}

func (v *validator) syscallRule(field string, m Matcher, from []v1.FromSource, own, above v1.Attributes) {
	v.attributes(field, own, syscallActions)
	if len(m.Syscalls) == 0 {
		v.fail(field, "names no system call", "list some in syscall")
	}
	v.most(field+".syscall", len(m.Syscalls), MaxSyscalls, "split the rule")
	for i, name := range m.Syscalls {
		if !v.isSyscall(name) {
			v.fail(indexField(field+".syscall", i), fmt.Sprintf("%q is no system call", name), unknownSyscall(name))
		}
	}
	m.Kind, m.Syscalls = MatchSyscall, slices.Clone(m.Syscalls)
	v.add(Rule{Field: field, Category: Syscalls, Match: m, FromSource: v.sources(field, from)}, inherit(own, above))
}

func unknownSyscall(name string) string {
	if near := nearest(name, syscallNames()); near != "" {
		return "did you mean " + near + "?"
	}
	return "use a name of syscalls(2), such as unlink"
}

// syscallPath keeps the slash at the end of a directory: it is what tells the
// directory from a file of that name.
func (v *validator) syscallPath(field string, r v1.SyscallPathRule) string {
	switch path := field + ".path"; {
	case r.Path == "":
		v.fail(field, "has no path", "give the file or directory")
	case glob.HasMeta(r.Path):
		v.fail(path, fmt.Sprintf("%q has a wildcard, which a path of syscalls can't have", r.Path), "name a directory, or escape it with \\")
	case strings.HasSuffix(r.Path, "/"):
		return strings.TrimSuffix(v.literalDir(path, r.Path), "/") + "/"
	case r.Recursive:
		v.fail(field+".recursive", fmt.Sprintf("goes with a directory, and %q is a file", r.Path), "write the path with / at its end, or remove it")
	default:
		return v.literalPath(path, r.Path)
	}
	return ""
}

// presetCategory says what kind of operation a preset is about.
func presetCategory(name PresetName) (Category, bool) {
	switch name {
	case PresetProtectEnv, PresetProtectProc:
		return File, true
	case PresetExec, PresetFilelessExec, PresetAnonymousMapExec:
		return Process, true
	}
	return 0, false
}

func (v *validator) presets(list []v1.PresetRule, above v1.Attributes) {
	v.most(presetsField, len(list), MaxPresets, "remove those that are given twice")
	for i, r := range list {
		field := indexField(presetsField, i)
		name := PresetName(r.Name)
		category, ok := presetCategory(name)
		switch {
		case r.Name == "":
			v.fail(field, "has no name", "name a preset, such as filelessExec")
		case !ok:
			v.fail(field+".name", fmt.Sprintf("%q is no preset", r.Name), oneOf(r.Name, string(PresetProtectEnv), string(PresetProtectProc),
				string(PresetExec), string(PresetFilelessExec), string(PresetAnonymousMapExec)))
		case name == PresetExec && v.policy.Kind == KindHostPolicy:
			v.warn("%s (exec) never matches: nothing enters a host from outside.", field)
		}
		v.attributes(field, r.Attributes, presetActions)
		own := inherit(r.Attributes, above)
		if r.Action == "" && own.Action == v1.ActionAllow {
			v.fail(field, "inherits action Allow, and a preset says what is forbidden", "give it action Block or Audit")
		}
		v.add(Rule{Field: field, Category: category, Match: Matcher{Kind: MatchPreset, Preset: name}}, own)
	}
}
