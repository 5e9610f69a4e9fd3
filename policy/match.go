package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// matches says whether a rule is about the operation: its matcher, its flags
// (Allow matches what satisfies all of them, Block and Audit what does not) and
// the two that narrow every action, fromSource and pts.
func (r *ProfileRule) matches(op *Operation) bool {
	return r.matchesObject(op) && r.MatchesCaller(op)
}

// MatchesCaller judges the flags: what a rule asks of the caller and of the way it
// makes the call, given that the rule's matcher holds.
func (r *ProfileRule) MatchesCaller(op *Operation) bool {
	return r.matchesFlags(op) && (!r.PTS || op.TTY) && (r.FromSource == nil || r.matchesSource(op.Source))
}

// matchesFlags judges readOnly, ownerOnly and allowedArgs.
func (r *ProfileRule) matchesFlags(op *Operation) bool {
	if !r.ReadOnly && !r.OwnerOnly && r.AllowedArgs == nil {
		return true
	}
	satisfied := (!r.ReadOnly || op.Kind != OpWrite) &&
		(!r.OwnerOnly || op.Owner) &&
		(r.AllowedArgs == nil || argsAllowed(r.AllowedArgs, op))
	return satisfied == (r.Action == Allow)
}

func argsAllowed(allowed []string, op *Operation) bool {
	// A mapping says nothing about the arguments that the code will see.
	if op.ArgsUnreadable || op.Kind == OpMapExec {
		return false
	}
	for _, a := range op.Args {
		if !slices.Contains(allowed, a) {
			return false
		}
	}
	return true
}

func (r *ProfileRule) matchesObject(op *Operation) bool {
	if r.Match.Kind == MatchPreset {
		return r.matchesPreset(op)
	}
	if r.Category != op.Kind.Category() {
		return false
	}
	switch r.Category {
	case Process:
		return r.matchesProgram(op)
	case File:
		return r.matchesNames(op.Names)
	case Network:
		return r.matchesNetwork(op)
	case Capabilities:
		return r.Match.Capability == op.Capability
	}
	return slices.Contains(r.Match.Syscalls, op.Syscall) &&
		(r.Match.Path == "" || r.matchesNames(op.Names) || r.namesItself(op.Names))
}

// matchesProgram judges program images, loaders and executable mappings.
func (r *ProfileRule) matchesProgram(op *Operation) bool {
	switch op.Kind {
	case OpAnonExec:
		return false
	case OpLoader, OpMapExec:
		// Else every library would have to be allowed: only rules about that very file speak,
		// and Judge heeds them where they Block. What is mapped hides the name it was asked
		// for, so a Block of a link counts as well, and an Allow of one doesn't.
		named := r.Match.Kind == MatchPath || r.Match.Kind == MatchExecName
		return named && (r.LinkName == "" || r.Action != Allow) && !op.NotFile &&
			(r.matchesNames(op.Names) || r.namesItself(op.Names))
	}
	if r.Match.Kind == MatchExecName && r.Action != Allow && op.StartedBy == r.Match.Name && !op.ByDescriptor {
		return true
	}
	if r.namesItself(op.Names) {
		return true
	}
	if !r.matchesNames(op.Names) {
		return false
	}
	if r.LinkName == "" {
		return true
	}
	return op.StartedBy == r.LinkName && !op.ByDescriptor || op.ByDescriptor && r.Action != Allow
}

// namesItself says whether a file lies where the rule names a link: the link has been
// replaced. A name alone allows nothing.
func (r *ProfileRule) namesItself(n Names) bool {
	return r.LinkPath != "" && r.Action != Allow && anyName(n, func(name string) bool { return name == r.LinkPath })
}

// matchesNames says whether the matcher holds for one of the names that count for the action.
func (r *ProfileRule) matchesNames(n Names) bool {
	if n.Cut {
		return r.Action != Allow && r.Match.Kind == MatchDir && slices.ContainsFunc(n.Seen, r.matchesName)
	}
	if slices.ContainsFunc(n.Origin, r.matchesName) {
		return true
	}
	return r.Action != Allow && slices.ContainsFunc(n.Seen, r.matchesName)
}

// matchesName says whether the matcher holds for one name.
func (r *ProfileRule) matchesName(name string) bool {
	switch r.Match.Kind {
	case MatchPath:
		return name == r.Match.Path
	case MatchSyscall:
		if dir, ok := strings.CutSuffix(r.Match.Path, "/"); ok {
			return inDir(cmp.Or(dir, "/"), r.Match.Recursive, name)
		}
		return name == r.Match.Path
	case MatchGlob:
		return r.glob.Match(name)
	case MatchDir:
		return inDir(r.Match.Path, r.Match.Recursive, name)
	case MatchExecName:
		return lastComponent(name) == r.Match.Name
	}
	return false
}

// matchesSource says whether the caller's program is one of fromSource. As for files,
// a name that is not an origin name helps Block and Audit only.
func (r *ProfileRule) matchesSource(n Names) bool {
	names := n.Origin
	if r.Action != Allow {
		names = slices.Concat(n.Origin, n.Seen)
	}
	return slices.ContainsFunc(r.FromSource, func(s Source) bool {
		return slices.ContainsFunc(names, s.matches)
	})
}

func (s Source) matches(name string) bool {
	if s.Path != "" {
		return name == s.Path
	}
	return inDir(s.Dir, s.Recursive, name)
}

// inDir says whether name is dir itself, a direct child or, where recursive, anything below.
func inDir(dir string, recursive bool, name string) bool {
	if name == dir {
		return true
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}

func lastComponent(name string) string { return path.Base(name) }

// matchesPreset translates a preset into what it is about.
func (r *ProfileRule) matchesPreset(op *Operation) bool {
	switch r.Match.Preset {
	case PresetProtectEnv:
		return isFileOp(op) && op.OtherTask && anyName(op.Names, func(n string) bool { return lastComponent(n) == "environ" })
	case PresetProtectProc:
		return isFileOp(op) && op.OtherTask
	case PresetExec:
		return op.Kind == OpExec && op.Entered
	case PresetFilelessExec:
		return op.Kind == OpExec && len(op.Names.Origin) == 0 && (len(op.Names.Seen) == 0 || op.Names.Deleted)
	case PresetAnonymousMapExec:
		return op.Kind == OpAnonExec
	}
	return false
}

func isFileOp(op *Operation) bool { return op.Kind == OpRead || op.Kind == OpWrite }

func anyName(n Names, f func(string) bool) bool {
	return slices.ContainsFunc(n.Origin, f) || slices.ContainsFunc(n.Seen, f)
}
