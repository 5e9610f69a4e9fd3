package lint

import "kubearmor.io/policy"

// silent finds rules that are to report and don't, as the whole policy is a trial.
func (c *checker) silent() {
	if c.policy.Mode != policy.ModeAudit {
		return
	}
	for i := range c.rules() {
		if r := &c.rules()[i]; r.Action == policy.Audit {
			c.add(Silent, Warning, r.Field, "put it in a policy without `mode: Audit`", "reports nothing: a policy of mode Audit tells what it would deny, and nothing else")
		}
	}
}

// flags explains rules whose flags are easily read the other way round.
func (c *checker) flags() {
	for i := range c.rules() {
		r := &c.rules()[i]
		if r.Action == policy.Allow || r.Category != policy.File && r.Category != policy.Process {
			continue
		}
		verb := map[policy.Action]string{policy.Block: "denies", policy.Audit: "reports"}[r.Action]
		switch {
		case r.ReadOnly && r.OwnerOnly:
			c.add(InverseFlag, Note, r.Field, "", "%s all but reading by the owner, because %s is about what does not satisfy readOnly and ownerOnly", verb, r.Action)
		case r.ReadOnly:
			c.add(InverseFlag, Note, r.Field, "", "%s writing and not reading, because %s is about what does not satisfy readOnly", verb, r.Action)
		case r.OwnerOnly:
			c.add(InverseFlag, Note, r.Field, "", "%s everyone but the owner, because %s is about what does not satisfy ownerOnly", verb, r.Action)
		}
	}
}
