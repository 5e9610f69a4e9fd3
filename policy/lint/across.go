package lint

import (
	"kubearmor.io/policy"
)

// overruled finds Allows that a Block of another policy undoes wherever both apply.
func (c *checker) overruled() {
	for _, q := range c.given {
		if q.Ref == c.policy.Ref || !mayMeet(c.policy, q) || c.policy.Mode == policy.ModeAudit || q.Mode == policy.ModeAudit {
			continue
		}
		both, err := c.profile(c.policy, q)
		if err != nil {
			continue // q's own check reports it
		}
		for i := range c.rules() {
			if r := &c.rules()[i]; r.Action == policy.Allow {
				c.overruledBy(both, r)
			}
		}
	}
}

func (c *checker) overruledBy(both *policy.Profile, r *policy.ProfileRule) {
	for _, op := range probes(r) {
		if alone := policy.Decide(c.alone, op); alone.Verdict == policy.Denied {
			continue // its own policy undoes it
		}
		d := policy.Decide(both, op)
		if d.Verdict != policy.Denied || d.Reason != policy.ReasonRule || both.Policies[d.Policy].Ref == c.policy.Ref {
			continue
		}
		ref := policy.RuleRef{Policy: d.Policy, Rule: d.Rule}
		c.add(Overruled, Warning, r.Field, "narrow that Block, or the selector of its policy",
			"allows what %s of %s blocks: where both apply, the Block wins", both.At(ref).Field, both.Policies[d.Policy].Ref)
		return
	}
}
