package policy

import (
	"io/fs"
	"slices"
	"sync"

	"kubearmor.io/policy/glob"
)

// BaselineRule is one line of the runtime baseline: what a program needs to start,
// granted against the default posture of the file category and against nothing else.
type BaselineRule struct {
	Match  Matcher // MatchPath, MatchGlob or MatchDir
	Write  bool    // grants writing too; reading always
	Reason string  // why a program needs it, and why it holds no secret

	rule *ProfileRule
}

// writtenBaseline is the baseline as written. All profiles share it, and its parsed globs.
var writtenBaseline = sync.OnceValue(func() []BaselineRule { return resolveLines(Baseline(), nil) })

// resolveBaseline returns the baseline with its paths resolved in root. A line follows a
// link only to where the baseline, as written, grants something itself: else whoever can
// write in the container's root would choose what the baseline grants.
func resolveBaseline(root fs.ReadLinkFS) []BaselineRule {
	written := writtenBaseline()
	if root == nil {
		return written
	}
	resolved := resolveLines(Baseline(), root)
	for i := range resolved {
		if resolved[i].Match.Path != written[i].Match.Path && !speaksOf(written, resolved[i], written[i]) {
			resolved[i] = written[i]
		}
	}
	return shareLines(resolved)
}

// shareLines takes the lines that are as written from the shared ones, or all of them.
func shareLines(rules []BaselineRule) []BaselineRule {
	written := writtenBaseline()
	if len(rules) != len(written) {
		return rules
	}
	same := 0
	for i := range rules {
		a, b := &rules[i], &written[i]
		if a.Match.Kind == b.Match.Kind && a.Match.Path == b.Match.Path && a.Match.Recursive == b.Match.Recursive && a.Write == b.Write && a.Reason == b.Reason {
			*a = *b
			same++
		}
	}
	if same == len(rules) {
		return written
	}
	return rules
}

func resolveLines(rules []BaselineRule, root fs.ReadLinkFS) []BaselineRule {
	for i := range rules {
		r, err := resolveRule(Rule{Category: File, Match: rules[i].Match, Action: Allow, ReadOnly: !rules[i].Write}, i, root)
		if err != nil {
			panic("policy: baseline line " + rules[i].Match.Path + ": " + err.Error()) // reviewed data, checked by a test
		}
		rules[i].Match, rules[i].rule = r.Match, &r
	}
	return rules
}

// speaksOf says whether all that to reaches beyond from is granted by some line as written.
// A directory or a glob reaches all below a place, so a line has to grant all of that.
func speaksOf(lines []BaselineRule, to, from BaselineRule) bool {
	before := reaches(from.Match)
	for _, place := range reaches(to.Match) {
		granted := func(b BaselineRule) bool {
			all := b.Match.Kind == MatchDir && b.Match.Recursive || to.Match.Kind == MatchPath
			return all && b.rule.matchesName(place) && (b.Write || !to.Write)
		}
		if !slices.Contains(before, place) && !slices.ContainsFunc(lines, granted) {
			return false
		}
	}
	return true
}

// reaches returns the path, directory or literal beginnings that a matcher is about.
func reaches(m Matcher) []string {
	if m.Kind != MatchGlob {
		return []string{m.Path}
	}
	g, err := glob.Parse(m.Path)
	if err != nil {
		panic("policy: baseline glob " + m.Path + ": " + err.Error()) // it has been parsed before
	}
	var dirs []string
	for _, e := range g.Expand() {
		dirs = append(dirs, e.LiteralDir())
	}
	return dirs
}
