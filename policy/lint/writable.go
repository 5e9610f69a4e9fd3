package lint

import (
	"path"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/glob"
)

// writable finds directories and globs from which programs may be started and in which
// files can be made: unlike exact paths, nothing keeps what is there from being replaced.
func (c *checker) writable() {
	for i := range c.rules() {
		r := &c.rules()[i]
		if r.Category != policy.Process || r.Action != policy.Allow {
			continue
		}
		if where, why := c.writablePlace(r); where != "" {
			c.add(Writable, Warning, r.Field, "allow the programs by exact path, which makes them read-only, or block "+where,
				"allows programs in %s, which %s: whatever is put there can be started", where, why)
		}
	}
}

func (c *checker) writablePlace(r *policy.ProfileRule) (where, why string) {
	for _, place := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		if real, _ := c.resolveDir(place); c.startsFrom(r, real, true) {
			return real, "everyone may write"
		}
	}
	for i := range c.rules() {
		f := &c.rules()[i]
		if f.Category != policy.File || f.Action != policy.Allow || f.ReadOnly {
			continue
		}
		switch f.Match.Kind {
		case policy.MatchDir:
			if c.startsFrom(r, f.Match.Path, f.Match.Recursive) {
				return f.Match.Path, "may be written by " + f.Field
			}
		case policy.MatchPath:
			if c.starts(r, f.Match.Path) {
				return f.Match.Path, "may be written by " + f.Field
			}
		}
	}
	return "", ""
}

func (c *checker) resolveDir(dir string) (string, bool) {
	if c.Root == nil {
		return dir, false
	}
	return c.lookUp(dir)
}

// startsFrom says whether the rule lets programs start that are put in dir, or, where
// recursive, below it.
func (c *checker) startsFrom(r *policy.ProfileRule, dir string, recursive bool) bool {
	switch r.Match.Kind {
	case policy.MatchDir:
		if recursive && below(r.Match.Path, dir) {
			dir = r.Match.Path
		}
		return c.starts(r, path.Join(dir, probeName))
	case policy.MatchGlob:
		g, err := glob.Parse(r.Match.Path)
		return err == nil && g.MatchBelow(dir)
	}
	return false
}

// starts says whether a program of that name starts, and by this very rule.
func (c *checker) starts(r *policy.ProfileRule, name string) bool {
	if r.Match.Kind == policy.MatchPath {
		return false // it is read-only for the container
	}
	op := &policy.Operation{Kind: policy.OpExec, Names: policy.Name(name), StartedBy: path.Base(name), Source: sourceOf(r), Owner: true, TTY: true}
	d := policy.Decide(c.alone, op)
	return d.Verdict == policy.Allowed && d.Rule >= 0 && c.rules()[d.Rule].Field == r.Field
}

func below(name, dir string) bool {
	return strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}
