package lint

import (
	"reflect"
	"slices"

	"kubearmor.io/policy"
)

// alwaysWith says whether q surely concerns whatever p concerns: what q asks of its targets,
// p asks too.
func alwaysWith(q, p *policy.Policy) bool {
	switch {
	case (q.Kind == policy.KindHostPolicy) != (p.Kind == policy.KindHostPolicy):
		return false
	case q.Kind == policy.KindPolicy && (p.Kind != policy.KindPolicy || q.Namespace != p.Namespace):
		return false
	case len(q.Selector.Containers) > 0 && !reflect.DeepEqual(q.Selector.Containers, p.Selector.Containers):
		return false
	}
	for _, want := range q.Selector.Requirements {
		if !slices.ContainsFunc(p.Selector.Requirements, func(have policy.Requirement) bool { return implies(have, want) }) {
			return false
		}
	}
	return true
}

func implies(have, want policy.Requirement) bool {
	if want.Operator == "Exists" && have.Operator == "In" {
		return have.Subject == policy.SubjectLabel && want.Subject == policy.SubjectLabel && have.Key == want.Key
	}
	return reflect.DeepEqual(have, want)
}

// mayMeet says whether some target may be concerned by both.
func mayMeet(p, q *policy.Policy) bool {
	switch {
	case (q.Kind == policy.KindHostPolicy) != (p.Kind == policy.KindHostPolicy):
		return false
	case p.Kind == policy.KindPolicy && q.Kind == policy.KindPolicy && p.Namespace != q.Namespace:
		return false
	case len(p.Selector.Containers) > 0 && len(q.Selector.Containers) > 0 && disjoint(p.Selector.Containers, q.Selector.Containers):
		return false
	}
	for _, a := range p.Selector.Requirements {
		for _, b := range q.Selector.Requirements {
			sameKey := a.Subject == b.Subject && a.Key == b.Key && a.Subject != policy.SubjectPair
			if sameKey && a.Operator == "In" && b.Operator == "In" && disjoint(a.Values, b.Values) {
				return false
			}
		}
	}
	return true
}

func disjoint(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
