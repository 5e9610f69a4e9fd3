package policy

import (
	"slices"
	"strings"
)

// guardsName: a rename, exchange or link by which a file, or one below it, could be had
// although the rule blocks it. A move that leaves everything as blocked as it was, such as
// one within a blocked directory, gains nothing and is not denied here.
func (p *Profile) guardsName(ref RuleRef, op *Operation) bool {
	r := p.At(ref)
	if r.Action != Block || r.anchor() == "" {
		return false
	}
	pol := &p.Policies[ref.Policy]
	leaves := func(from, to Names) bool {
		return anyName(from, func(f string) bool {
			return !anyName(to, func(t string) bool { return !pol.escapes(ref.Rule, f, t, op.Dir) })
		})
	}
	switch op.Change {
	case ChangeRename, ChangeLink:
		return leaves(op.Names, op.To)
	case ChangeExchange:
		return leaves(op.Names, op.To) || leaves(op.To, op.Names)
	}
	return false
}

// anchor returns the path, directory or literal beginning that a rule is about, or "".
func (r *ProfileRule) anchor() string {
	switch r.Match.Kind {
	case MatchPath, MatchDir:
		return r.Match.Path
	case MatchGlob:
		return r.glob.LiteralDir()
	}
	return ""
}

// escapes says whether some caller whom rule keeps from a file, or from one below it, under
// the name from could get at it under the name to.
func (pol *ProfilePolicy) escapes(rule int, from, to string, dir bool) bool {
	r := &pol.Rules[rule]
	for _, anchor := range []string{r.anchor(), r.LinkPath} {
		if isBelow(anchor, from) {
			return true // the directory above what the rule names moves away from it
		}
	}
	return r.LinkPath == from || pol.loses(rule, from, to) || dir && r.holdsBelow(from) && !pol.keepsBelow(rule, to)
}

// loses compares the rules that may decide on the two names. Whether a flag of a rule is
// satisfied may change from call to call, but is the same for both names.
func (pol *ProfilePolicy) loses(rule int, from, to string) bool {
	cat := pol.Rules[rule].Category
	before := pol.mayDecide(cat, from)
	at := slices.Index(before, rule)
	if at < 0 {
		return false
	}
	after := pol.mayDecide(cat, to)
	for _, other := range after {
		if other == rule {
			return false // it decides here too, before anything weaker
		}
		if pol.Rules[other].Action != Block && !slices.Contains(before[:at], other) {
			return true
		}
	}
	return len(after) == 0 || pol.Rules[after[len(after)-1]].conditional()
}

// mayDecide returns the rules that can be the most specific one for a name: all that match
// it, up to the first that has no conditions.
func (pol *ProfilePolicy) mayDecide(cat Category, name string) []int {
	var rules []int
	for i := range pol.Rules {
		if r := &pol.Rules[i]; r.Category == cat && r.matchesName(name) {
			rules = append(rules, i)
			if !r.conditional() {
				break
			}
		}
	}
	return rules
}

func (r *ProfileRule) conditional() bool {
	return r.ReadOnly || r.OwnerOnly || r.PTS || r.AllowedArgs != nil || r.FromSource != nil || r.LinkName != ""
}

// holdsBelow says whether the rule may be about something below dir.
func (r *ProfileRule) holdsBelow(dir string) bool {
	switch r.Match.Kind {
	case MatchDir:
		return r.Match.Recursive && inDir(r.Match.Path, true, dir) || r.Match.Path == dir
	case MatchGlob:
		return r.glob.MatchBelow(dir)
	}
	return false
}

// keepsBelow says whether all that rule blocks below a directory stays blocked when the
// directory is called dir: the rule itself or one without conditions covers it there, and
// no exception comes before.
func (pol *ProfilePolicy) keepsBelow(rule int, dir string) bool {
	cat := pol.Rules[rule].Category
	for i := range pol.Rules {
		r := &pol.Rules[i]
		switch {
		case r.Category != cat:
		case r.Action == Block:
			covers := r.Match.Kind == MatchDir && r.Match.Recursive && inDir(r.Match.Path, true, dir)
			if covers && (i == rule || !r.conditional()) {
				return true
			}
		case r.Match.Kind == MatchExecName:
			// Base names stay. An exception that came before the rule did so elsewhere too.
			if i > rule {
				return false
			}
		case r.holdsBelow(dir) || isBelow(r.anchor(), dir):
			return false
		}
	}
	return false
}

// isBelow says whether name lies strictly below dir.
func isBelow(name, dir string) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
	return ok && rest != ""
}
