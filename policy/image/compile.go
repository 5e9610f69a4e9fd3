package image

import (
	"fmt"
	"net/netip"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
	"kubearmor.io/policy/glob"
)

// maxProgramWords bounds the program table: sets of rules × names programs are started by.
const maxProgramWords = 1 << 18

// role says what it means that a pattern accepts.
type role uint8

const (
	roleRule     role = iota // the rule is about the file
	roleLink                 // it is, if the program was started by the link's name
	roleProgram              // the file is a program that the rule allows, and keeps read-only
	roleBaseline             // the runtime baseline speaks of the file

	roleProgramAbove // a directory above such a program
	roleAbove        // policy.NameFacts.Above; likewise the others
	roleHolds
	roleBelow
)

// meaning is what one pattern's ID stands for.
type meaning struct {
	role   role
	ref    policy.RuleRef
	alike  []policy.RuleRef // more rules that share the ID
	writes bool             // the baseline grants writing too
	name   string           // of a directory above a program, where a rule names it exactly
}

// compiler holds one compilation.
type compiler struct {
	profile   *policy.Profile
	claims    *claims
	outcomes  *outcomes
	nodes     nodes
	sources   sources
	arguments arguments

	meanings []meaning
	files    []automaton.Pattern
	programs []automaton.Pattern
	// endpoints are the patterns of rules on endpoints, by family.
	endpoints [endpointFamilies][]automaton.Pattern
	// names are the names of links and execnames, in the order of their columns.
	names []string

	moves [2]moves // by category: policy.Process, policy.File
}

// collect turns the profile's rules into patterns.
func (c *compiler) collect() error {
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			ref := policy.RuleRef{Policy: i, Rule: r}
			if rule := c.profile.At(ref); policy.BPF().Enforces(rule) {
				if rule.FromSource != nil {
					c.sources.list(rule)
				}
				if rule.AllowedArgs != nil {
					c.arguments.list(rule)
				}
				if err := c.collectRule(ref); err != nil {
					return err
				}
			}
		}
	}
	if err := c.collectBaseline(); err != nil {
		return err
	}
	c.collectAbovePrograms()
	if err := c.collectMoves(policy.File, &c.files); err != nil {
		return err
	}
	if err := c.collectMoves(policy.Process, &c.programs); err != nil {
		return err
	}
	slices.Sort(c.names)
	c.names = slices.Compact(c.names)
	return nil
}

// collectBaseline gives all lines that grant the same one ID, so that the automaton need not
// tell them apart. Without an allow-list there is nothing that the baseline could grant.
func (c *compiler) collectBaseline() error {
	if !slices.ContainsFunc(c.profile.Policies, func(p policy.ProfilePolicy) bool { return p.AllowList[policy.File] }) {
		return nil
	}
	read, write := len(c.meanings), len(c.meanings)+1
	c.meanings = append(c.meanings, meaning{role: roleBaseline}, meaning{role: roleBaseline, writes: true})
	for _, b := range c.profile.Baseline {
		p, err := pattern(b.Match)
		if err != nil {
			return err
		}
		p.ID, p.Contest, p.Rank = read, contestBaseline, 1
		if b.Write {
			p.ID, p.Rank = write, 0
		}
		c.files = append(c.files, p)
	}
	return nil
}

func (c *compiler) collectRule(ref policy.RuleRef) error {
	r := c.profile.At(ref)
	if r.Match.Kind == policy.MatchEndpoint {
		c.collectEndpoint(ref)
		return nil
	}
	if r.Category != policy.File && r.Category != policy.Process || r.Match.Kind == policy.MatchPreset {
		return nil
	}
	p, err := pattern(r.Match)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.profile.Policies[ref.Policy].Ref, r.Field, err)
	}
	if r.Category == policy.File {
		c.addPattern(&c.files, p, meaning{role: roleRule, ref: ref})
		return nil
	}
	m := meaning{role: roleRule, ref: ref}
	if r.LinkName != "" {
		m.role = roleLink
		c.names = append(c.names, r.LinkName)
		if r.Action != policy.Allow {
			literal := automaton.Pattern{Kind: automaton.Exact, Path: r.LinkPath}
			c.addPattern(&c.programs, literal, meaning{role: roleRule, ref: ref})
		}
	}
	if r.Match.Kind == policy.MatchExecName && r.Action != policy.Allow {
		c.names = append(c.names, r.Match.Name)
	}
	c.addPattern(&c.programs, p, m)
	if r.KeepsProgram() && !c.profile.Host {
		c.addPattern(&c.files, p, meaning{role: roleProgram, ref: ref})
	}
	return nil
}

func (c *compiler) addPattern(to *[]automaton.Pattern, p automaton.Pattern, m meaning) {
	p.ID = len(c.meanings)
	if m.role == roleRule {
		p.ID = c.claims.sharedWith(m.ref, p.ID)
	}
	if p.ID == len(c.meanings) {
		c.meanings = append(c.meanings, m)
	} else {
		c.meanings[p.ID].alike = append(c.meanings[p.ID].alike, m.ref)
	}
	if m.role == roleRule {
		c.claims.claim(&p, c.meanings[p.ID].ref)
	}
	*to = append(*to, p)
}

// pattern translates a matcher of paths.
func pattern(m policy.Matcher) (automaton.Pattern, error) {
	switch m.Kind {
	case policy.MatchPath:
		return automaton.Pattern{Kind: automaton.Exact, Path: m.Path}, nil
	case policy.MatchDir:
		if m.Recursive {
			return automaton.Pattern{Kind: automaton.DirRecursive, Path: m.Path}, nil
		}
		return automaton.Pattern{Kind: automaton.Dir, Path: m.Path}, nil
	case policy.MatchExecName:
		return automaton.Pattern{Kind: automaton.Base, Path: m.Name}, nil
	case policy.MatchGlob:
		g, err := glob.Parse(m.Path)
		return automaton.Pattern{Kind: automaton.Glob, Glob: g}, err
	}
	return automaton.Pattern{}, fmt.Errorf("a matcher of kind %d has no pattern", m.Kind)
}

// collectAbovePrograms has the directories above programs that an exact path allows keep
// their names. Of the rules above one directory the one to name stands for all of a mode.
func (c *compiler) collectAbovePrograms() {
	if c.profile.Host {
		return
	}
	type place struct {
		mode policy.Mode
		dir  string
	}
	best := map[place]policy.RuleRef{}
	named := map[string]bool{} // by exact file rules: those may exempt it
	for i := range c.profile.Policies {
		for n := range c.profile.Policies[i].Rules {
			ref := policy.RuleRef{Policy: i, Rule: n}
			r := c.profile.At(ref)
			if r.Match.Kind != policy.MatchPath || r.Action != policy.Allow || !policy.BPF().Enforces(r) {
				continue
			}
			if r.Category == policy.File {
				named[r.Match.Path] = true
			}
			if r.Category != policy.Process {
				continue
			}
			for _, dir := range dirsAbove(r.Match.Path) {
				at := place{c.profile.Policies[i].Mode, dir}
				if other, ok := best[at]; !ok || c.profile.CompareRules(ref, other) < 0 {
					best[at] = ref
				}
			}
		}
	}
	ids := map[meaningKey]int{}
	for at, ref := range best {
		m := meaning{role: roleProgramAbove, ref: ref}
		if named[at.dir] {
			m.name = at.dir
		}
		key := meaningKey{ref, m.name}
		id, ok := ids[key]
		if !ok {
			id = len(c.meanings)
			ids[key] = id
			c.meanings = append(c.meanings, m)
		}
		c.files = append(c.files, automaton.Pattern{ID: id, Kind: automaton.Exact, Path: at.dir})
	}
}

type meaningKey struct {
	ref  policy.RuleRef
	name string
}

// maxNamed bounds the rules that an error names.
const maxNamed = 5

// refused is the error for a problem that rules of a kind make: it names the first of them.
func (c *compiler) refused(problem string, are func(*policy.ProfileRule) bool) error {
	e := &TooComplexError{Problem: problem}
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			rule := &c.profile.Policies[i].Rules[r]
			// A rule for other names stands behind the one that it was made from.
			name := c.profile.Policies[i].Ref.String() + " " + rule.Field
			if are(rule) && len(e.Rules) < maxNamed && !slices.Contains(e.Rules, name) {
				e.Rules = append(e.Rules, name)
			}
		}
	}
	return e
}

// ruleNames names the rules behind patterns, for an error, in their order.
func (c *compiler) ruleNames(patterns []automaton.Pattern) []string {
	var names []string
	for _, p := range patterns {
		m := c.meanings[p.ID]
		if m.role == roleBaseline {
			continue
		}
		for _, ref := range append([]policy.RuleRef{m.ref}, m.alike...) {
			name := c.profile.Policies[ref.Policy].Ref.String() + " " + c.profile.At(ref).Field
			if c.saysThat(ref, p) && len(names) < maxNamed && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// saysThat says whether it is the rule that a pattern comes from: rules that share an ID
// are told apart by what they say.
func (c *compiler) saysThat(ref policy.RuleRef, p automaton.Pattern) bool {
	m := &c.profile.At(ref).Match
	if p.Kind != automaton.Sequence {
		return m.Path == p.Glob.String()
	}
	of := prefixes(m.Endpoint.CIDR)
	return slices.ContainsFunc(of[:], func(prefix netip.Prefix) bool {
		if !prefix.IsValid() {
			return false
		}
		address := addressIntervals(prefix)
		return len(address)+portBytes == len(p.Bytes) && slices.Equal(address, p.Bytes[:len(address)])
	})
}

// winners finds the most specific matching rule of each policy among pattern IDs.
type winners map[int]int

func (w winners) add(ref policy.RuleRef) {
	if best, ok := w[ref.Policy]; !ok || ref.Rule < best {
		w[ref.Policy] = ref.Rule
	}
}

// addIf adds rules where a condition of all of them holds.
func (w winners) addIf(holds bool, refs []policy.RuleRef) {
	if !holds {
		return
	}
	for _, ref := range refs {
		w.add(ref)
	}
}

func (w winners) of(pol int) int {
	if r, ok := w[pol]; ok {
		return r
	}
	return -1
}

// fileWord compiles the decision for the files that a set of patterns accepts. A move is a
// rename or exchange as far as one of its names is concerned.
func (c *compiler) fileWord(set []int, kind policy.OpKind, move bool) uint32 {
	a := c.asks(set)
	environ, proc := c.presets(policy.PresetProtectEnv), c.presets(policy.PresetProtectProc)
	a.environ, a.otherTask = len(environ) > 0, len(proc) > 0
	return c.decide(a, func(who caller) policy.Decision {
		op := &policy.Operation{Kind: kind, Owner: who.owner, TTY: who.tty, Source: who.source}
		w, facts := winners{}, policy.Facts{}
		w.addIf(who.environ, environ)
		w.addIf(who.environ || who.otherTask, proc)
		for _, id := range set {
			m := c.meanings[id]
			switch m.role {
			case roleBaseline:
				facts.Baseline = facts.Baseline || kind == policy.OpRead || m.writes
			case roleProgram, roleProgramAbove:
				if c.guardsProgram(m, op, move) {
					facts.Guard = append(facts.Guard, m.ref)
				}
			case roleRule:
				if c.profile.At(m.ref).MatchesCaller(op) {
					w.add(m.ref)
				}
			}
		}
		facts.Winner = w.of
		return c.profile.Judge(kind, facts)
	})
}

// guardsProgram says whether the program that a pattern is about keeps a file from being written.
func (c *compiler) guardsProgram(m meaning, op *policy.Operation, move bool) bool {
	if op.Kind != policy.OpWrite || m.role == roleProgramAbove && !move {
		return false
	}
	name := m.name
	if m.role == roleProgram {
		name = c.profile.At(m.ref).Match.Path
	}
	return name == "" || !c.profile.ExemptsWrite(m.ref, name, op, policy.BPF().Enforces)
}

// programWord compiles the decision for the programs that a set of patterns accepts,
// started by the name of a column; presets are those that hold whatever the program is.
func (c *compiler) programWord(set []int, column int, presets []policy.RuleRef) uint32 {
	switch column {
	case ColumnMapping:
		return c.mappingWord(set, policy.OpMapExec)
	case ColumnLoader:
		return c.mappingWord(set, policy.OpLoader)
	}
	a := c.asks(set)
	started, hidden := c.columnName(column)
	named := c.execNames(started)
	for _, ref := range named {
		a.rule(c, c.profile.At(ref))
	}
	entered := c.presets(policy.PresetExec)
	a.entered = len(entered) > 0
	return c.decide(a, func(who caller) policy.Decision {
		op := &policy.Operation{Kind: policy.OpExec, Owner: who.owner, TTY: who.tty, Source: who.source, Args: who.args}
		w := winners{}
		w.addIf(true, presets)
		w.addIf(who.entered, entered)
		for _, id := range set {
			m := c.meanings[id]
			r := c.profile.At(m.ref)
			if m.role > roleLink {
				continue // about moves
			}
			if m.role == roleLink && started != r.LinkName && !(hidden && r.Action != policy.Allow) {
				continue
			}
			if r.MatchesCaller(op) {
				w.add(m.ref)
			}
		}
		for _, ref := range named {
			if c.profile.At(ref).MatchesCaller(op) {
				w.add(ref)
			}
		}
		return c.profile.Judge(policy.OpExec, policy.Facts{Winner: w.of})
	})
}

// mappingWord compiles the decision on mapping the files that a set of patterns accepts, for which
// only rules about that very file speak. The name that a link has plays no part.
func (c *compiler) mappingWord(set []int, kind policy.OpKind) uint32 {
	return c.decide(c.asks(set), func(who caller) policy.Decision {
		op := &policy.Operation{Kind: kind, Owner: who.owner, TTY: who.tty, Source: who.source}
		w := winners{}
		for _, id := range set {
			m := c.meanings[id]
			if m.role != roleRule && m.role != roleLink {
				continue
			}
			r := c.profile.At(m.ref)
			// Where Allow rules share an ID the most specific stands for them. Nothing that
			// counts here comes between it and those that don't.
			named := r.Match.Kind == policy.MatchPath || r.Match.Kind == policy.MatchExecName
			if named && (r.LinkName == "" || r.Action != policy.Allow) && r.MatchesCaller(op) {
				w.add(m.ref)
			}
		}
		return c.profile.Judge(kind, policy.Facts{Winner: w.of})
	})
}

// presets returns the rules that are a preset.
func (c *compiler) presets(name policy.PresetName) []policy.RuleRef {
	var refs []policy.RuleRef
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			ref := policy.RuleRef{Policy: i, Rule: r}
			if rule := c.profile.At(ref); rule.Match.Kind == policy.MatchPreset && rule.Match.Preset == name && policy.BPF().Enforces(rule) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// columnName returns the name that a column stands for.
func (c *compiler) columnName(column int) (name string, hidden bool) {
	if column >= ColumnFirst {
		name = c.names[column-ColumnFirst]
	}
	return name, column == ColumnHidden
}

// execNames returns the execname rules that hold for whatever is started by that name.
func (c *compiler) execNames(started string) []policy.RuleRef {
	if started == "" {
		return nil
	}
	var refs []policy.RuleRef
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			ref := policy.RuleRef{Policy: i, Rule: r}
			if rule := c.profile.At(ref); rule.Match.Kind == policy.MatchExecName && rule.Match.Name == started &&
				rule.Action != policy.Allow && policy.BPF().Enforces(rule) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// asks says what the decision on a set depends on besides the set.
func (c *compiler) asks(set []int) (a asks) {
	for _, id := range set {
		m := c.meanings[id]
		name := m.name
		switch m.role {
		case roleRule, roleLink:
			a.rule(c, c.profile.At(m.ref))
		case roleProgram:
			name = c.profile.At(m.ref).Match.Path
		}
		if m.role == roleProgram || m.role == roleProgramAbove && name != "" {
			a.owner, a.tty = true, true // the exempting file rule may depend on either
			c.asksOfExempting(&a, name)
		}
	}
	return a
}

// asksOfExempting adds the sources by which file rules may allow writing a program.
func (c *compiler) asksOfExempting(a *asks, program string) {
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			rule := &c.profile.Policies[i].Rules[r]
			exempts := rule.Category == policy.File && rule.Action == policy.Allow && rule.Match.Kind == policy.MatchPath && rule.Match.Path == program
			if exempts && rule.FromSource != nil && policy.BPF().Enforces(rule) {
				a.sources = append(a.sources, c.sources.about(rule))
			}
		}
	}
}
