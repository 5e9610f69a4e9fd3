package policy

// guards returns the rules that deny a write besides the file rules: what a process rule
// allows by exact path is read-only, and what a rule blocks can't be given another name.
// On a host names are judged alone, for package managers' sake, so this is for containers.
func (p *Profile) guards(op *Operation, enforced func(*ProfileRule) bool) []RuleRef {
	refs := p.rulesWhere(func(ref RuleRef) bool { return enforced(p.At(ref)) && p.guardsProgram(ref, op, enforced) })
	if !op.writesTo() {
		return refs
	}
	for _, cat := range []Category{Process, File} {
		refs = append(refs, p.movesAway(cat, op.Names, op.To, op.Dir, enforced)...)
		if op.Change == ChangeExchange {
			refs = append(refs, p.movesAway(cat, op.To, op.Names, op.Dir, enforced)...)
		}
	}
	return refs
}

// rulesWhere returns the rules for which is says yes, in the order of the profile.
func (p *Profile) rulesWhere(is func(RuleRef) bool) []RuleRef {
	var refs []RuleRef
	for i := range p.Policies {
		for r := range p.Policies[i].Rules {
			if ref := (RuleRef{i, r}); is(ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// guardsProgram: writing, replacing, renaming, linking or mounting over a program that an
// exact path allows, or renaming a directory above it, unless a file rule allows that write
// by exact path.
func (p *Profile) guardsProgram(ref RuleRef, op *Operation, enforced func(*ProfileRule) bool) bool {
	r := p.At(ref)
	if !r.KeepsProgram() {
		return false
	}
	program := r.Match.Path
	moves := op.Change == ChangeRename || op.Change == ChangeExchange
	touches := func(name string) bool {
		return (name == program || moves && isBelow(program, name)) && !p.ExemptsWrite(ref, name, op, enforced)
	}
	return anyName(op.Names, touches) || anyName(op.To, touches)
}

// KeepsProgram says that the rule keeps the program that it allows read-only, in a container.
func (r *ProfileRule) KeepsProgram() bool {
	return r.Category == Process && r.Action == Allow && r.Match.Kind == MatchPath
}

// ExemptsWrite says whether a file rule allows that write of name by exact path, so that the
// program that ref allows is not kept read-only. What mode Audit says lifts no enforced guard.
func (p *Profile) ExemptsWrite(ref RuleRef, name string, op *Operation, enforced func(*ProfileRule) bool) bool {
	write := *op
	write.Names = Name(name)
	for i := range p.Policies {
		if p.Policies[i].Mode == ModeAudit && p.Policies[ref.Policy].Mode == ModeEnforce {
			continue
		}
		for r := range p.Policies[i].Rules {
			rule := &p.Policies[i].Rules[r]
			if rule.Category == File && rule.Action == Allow && rule.Match.Kind == MatchPath && enforced(rule) && rule.matches(&write) {
				return true
			}
		}
	}
	return false
}

// GuardsByHandle returns the rules that deny an operation on what was opened by handle, which
// could be any of the files they are about: those that block by a name, and of a write those that keep a
// program read-only.
func (p *Profile) GuardsByHandle(kind OpKind, enforced func(*ProfileRule) bool) []RuleRef {
	refs := p.namedBlocks(kind.Category(), enforced)
	if kind != OpWrite || p.Host {
		return refs
	}
	return append(refs, p.rulesWhere(func(ref RuleRef) bool { return enforced(p.At(ref)) && p.At(ref).KeepsProgram() })...)
}

// namedBlocks returns the rules of a category that block by a name.
func (p *Profile) namedBlocks(cat Category, enforced func(*ProfileRule) bool) []RuleRef {
	return p.rulesWhere(func(ref RuleRef) bool {
		r := p.At(ref)
		return r.Category == cat && r.Action == Block && r.Match.Kind <= MatchExecName && enforced(r)
	})
}

// decideForeign: where rules name files or programs, what a file system of the container's own
// shows could be any of those that are blocked, and is none of those that are allowed.
func (p *Profile) decideForeign(enforced func(*ProfileRule) bool) Decision {
	if p.Host {
		return noRule()
	}
	none := func(int) int { return -1 }
	guard := append(p.namedBlocks(File, enforced), p.namedBlocks(Process, enforced)...)
	return p.graver(p.Judge(OpWrite, Facts{Winner: none, Guard: guard}), p.Judge(OpExec, Facts{Winner: none}))
}
