package lint

import (
	"errors"
	"fmt"

	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
)

// compiled compiles the policies together, as a node that has them all would.
func (c *checker) compiled() {
	var complex *image.TooComplexError
	if _, err := image.Compile(c.together); errors.As(err, &complex) {
		c.add(TooComplex, Warning, "", "", "is refused by a node where all policies that are given apply: %s", complex)
	}
}

// carried says what the BPF enforcer leaves out, a finding per reason.
func (c *checker) carried() {
	fields := map[string][]string{}
	var order []policy.Unsupported
	for _, u := range policy.Supports(c.alone, policy.BPF()) {
		if c.saidBefore(u.Field) {
			continue
		}
		if fields[u.Reason] == nil {
			order = append(order, u)
		}
		fields[u.Reason] = append(fields[u.Reason], u.Field)
	}
	for _, u := range order {
		more := ""
		if n := len(fields[u.Reason]) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more rules)", n)
		}
		if u.Partly {
			c.add(PartlyCarried, Note, u.Field, "", "is enforced in part%s: %s", more, u.Reason)
		} else {
			c.add(NotCarried, Warning, u.Field, "remove it, or know that it protects nothing", "is not enforced%s: %s", more, u.Reason)
		}
	}
}

// saidBefore: fields that nothing enforces are reported by what the parser says of them.
func (c *checker) saidBefore(field string) bool {
	for _, n := range c.policy.NotEnforced {
		if n.Field == field {
			return true
		}
	}
	return false
}
