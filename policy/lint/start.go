package lint

import (
	"path"
	"strings"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// scripts finds allowed scripts whose interpreter is not allowed.
func (c *checker) scripts() {
	if c.Root == nil {
		return
	}
	for i := range c.rules() {
		r := &c.rules()[i]
		if r.Category != policy.Process || r.Action != policy.Allow || r.Match.Kind != policy.MatchPath || r.AllowedArgs != nil {
			continue
		}
		name := r.Match.Path
		if r.LinkName != "" {
			name = r.LinkPath
		}
		a, denied := c.denied(explain.Question{Verb: explain.Exec, Path: name, Source: firstSource(r), TTY: true, Owner: true})
		if denied && a.Deciding().About != a.Steps[0].About {
			c.add(Interpreter, Warning, r.Field, "allow the interpreter too",
				"%s is allowed but does not start: %s is denied by %s", name, a.Deciding().About, because(a))
		}
	}
}

func firstSource(r *policy.ProfileRule) string {
	if len(r.FromSource) > 0 {
		return r.FromSource[0].Path
	}
	return ""
}

// entrypoint finds the first image that is denied when a container is created while the
// policies exist. Where no entrypoint is given, usual ones in the root are looked at.
func (c *checker) entrypoint() {
	if len(c.Entrypoint) > 0 {
		c.start(c.Entrypoint, Warning, "the container does not start: ")
		return
	}
	if c.Root == nil {
		return
	}
	for _, usual := range []string{"/docker-entrypoint.sh", "/entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"} {
		if info, err := c.stat(usual); err == nil && info.Mode().IsRegular() {
			c.start([]string{usual}, Note, "a container whose entrypoint is "+usual+" does not start: ")
		}
	}
}

func (c *checker) start(command []string, level Level, what string) {
	a, denied := c.denied(explain.Question{Verb: explain.Exec, Path: command[0], Args: command[1:]})
	if !denied {
		return
	}
	if ref, ok := a.Policy(); !ok || ref != c.policy.Ref {
		return // found with the policy that denies it
	}
	field := "spec.process"
	if r := a.Rule(); r != nil {
		field = r.Field
	}
	c.add(FirstImage, level, field, "allow it, or set `command:` of the container to a program that is allowed",
		"%s%s is denied", what, a.Deciding().About)
}

// sources looks at the programs that rules name as callers.
func (c *checker) sources() {
	for i := range c.rules() {
		r := &c.rules()[i]
		for _, s := range r.FromSource {
			if s.Path == "" {
				continue
			}
			if c.Root != nil {
				if p, err := explain.ReadProgram(c.Root, s.Path); err == nil && p.Interpreter != "" {
					c.add(SourceScript, Warning, r.Field, "name the interpreter as the source",
						"fromSource names the script %s: the source of what a script does is its interpreter, %s", s.Path, p.Interpreter)
					continue
				}
			}
			a, denied := c.denied(explain.Question{Verb: explain.Exec, Path: s.Path, Owner: true, TTY: true})
			if denied && a.Rule() != nil && a.Rule().FromSource == nil {
				c.add(SourceDenied, Warning, r.Field, "allow that program, or remove it from fromSource",
					"fromSource names %s, which may not start: %s blocks it", s.Path, because(a))
			} else if denied && a.Rule() == nil && !c.startsSomehow(s.Path) {
				c.add(SourceDenied, Warning, r.Field, "allow that program, or remove it from fromSource",
					"fromSource names %s, which no rule lets start", s.Path)
			}
		}
	}
}

// startsSomehow says whether a rule that depends on the caller or on arguments may let the
// program start, where a plain question says no.
func (c *checker) startsSomehow(program string) bool {
	for i := range c.together.Policies {
		for j := range c.together.Policies[i].Rules {
			r := &c.together.Policies[i].Rules[j]
			if r.Category != policy.Process || r.Action == policy.Block {
				continue
			}
			for _, op := range probes(r) {
				if op.Names.Origin[0] == program || r.Match.Kind == policy.MatchDir && strings.HasPrefix(program, path.Clean(r.Match.Path)) {
					return true
				}
			}
		}
	}
	return false
}
