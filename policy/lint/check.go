package lint

import (
	"cmp"
	"fmt"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
	"kubearmor.io/policy/protected"
)

// Check returns what is found, in the order of the policies and of the codes. An error says
// that a policy can't be made a profile, or that the entrypoint is no full path.
func Check(policies []*policy.Policy, opt Options) ([]Finding, error) {
	if len(opt.Entrypoint) > 0 {
		if _, err := explain.ParseQuestion(explain.Exec, opt.Entrypoint[:1]); err != nil {
			return nil, fmt.Errorf("entrypoint: %w", err)
		}
	}
	var all []Finding
	for _, p := range unique(policies, &all) {
		c := &checker{Options: opt, policy: p, given: policies}
		if err := c.prepare(); err != nil {
			return nil, err
		}
		for _, check := range []func(){
			c.said, c.shadowed, c.names, c.libraries, c.writable, c.overruled, c.scripts, c.entrypoint,
			c.sources, c.networks, c.flags, c.programs, c.carried, c.compiled, c.silent,
		} {
			check()
		}
		slices.SortStableFunc(c.found, func(a, b Finding) int { return cmp.Compare(a.Code, b.Code) })
		all = append(all, c.found...)
	}
	return all, nil
}

// unique leaves out objects that are given again, and says so.
func unique(policies []*policy.Policy, found *[]Finding) []*policy.Policy {
	first := map[policy.Ref]*policy.Policy{}
	var kept []*policy.Policy
	for _, p := range policies {
		if other := first[p.Ref]; other != nil {
			*found = append(*found, Finding{
				Code: GivenTwice, Level: Warning, Source: p.Source, Policy: p.Ref,
				Message: fmt.Sprintf("is in %s too: of the two, the one applied last is in force", other.Source),
				Mend:    "give one of them another name",
			})
			continue
		}
		first[p.Ref] = p
		kept = append(kept, p)
	}
	return kept
}

// checker looks at one policy.
type checker struct {
	Options
	policy *policy.Policy
	given  []*policy.Policy

	alone *policy.Profile // of this policy
	// together is the profile with the policies that concern whatever this one concerns,
	// because allow-lists add up.
	together *policy.Profile
	found    []Finding
}

func (c *checker) prepare() (err error) {
	if c.alone, err = c.profile(c.policy); err != nil {
		return err
	}
	companions := []*policy.Policy{c.policy}
	for _, q := range c.given {
		if q.Ref != c.policy.Ref && alwaysWith(q, c.policy) && !slices.ContainsFunc(companions, func(o *policy.Policy) bool { return o.Ref == q.Ref }) {
			companions = append(companions, q)
		}
	}
	c.together, err = c.profile(companions...)
	return err
}

func (c *checker) profile(policies ...*policy.Policy) (*policy.Profile, error) {
	return explain.NewProfile(policies, policy.Options{Postures: c.Postures, NoBaseline: c.NoBaseline, Root: c.Root})
}

// rules are those of the policy, resolved, the most specific first.
func (c *checker) rules() []policy.ProfileRule { return c.alone.Policies[0].Rules }

func (c *checker) hasAllowList(cat policy.Category) bool { return c.alone.Policies[0].AllowList[cat] }

func (c *checker) add(code Code, level Level, field, mend, message string, args ...any) {
	c.found = append(c.found, Finding{
		Code: code, Level: level, Source: c.policy.Source, Policy: c.policy.Ref,
		Field: field, Message: fmt.Sprintf(message, args...), Mend: mend,
	})
}

// denied asks the policies together and says whether the answer is a denial.
func (c *checker) denied(q explain.Question) (explain.Answer, bool) {
	a, err := explain.Ask(c.together, c.Root, q)
	if err != nil {
		return a, false // a name that only a running process can tell
	}
	return a, a.Verdict() == explain.Block || a.Verdict() == explain.AuditBlock
}

// because names what a denial rests on.
func because(a explain.Answer) string {
	ref, _ := a.Policy()
	if r := a.Rule(); r != nil {
		return fmt.Sprintf("%s of %s", r.Field, ref)
	}
	return "the default posture, because no rule allows it"
}

// said repeats what the parser and the protected set have to say.
func (c *checker) said() {
	for _, n := range c.policy.NotEnforced {
		c.add(NotEnforced, Warning, n.Field, "remove it, or know that it protects nothing", "is accepted and not enforced: %s", n.Reason)
	}
	for _, w := range c.policy.Warnings {
		c.add(Doubtful, Warning, "", "", "%s", w)
	}
	for _, w := range protected.Warnings(c.policy) {
		c.add(Protected, Warning, "", "narrow the rule, by fromSource for instance", "%s", w)
	}
}
