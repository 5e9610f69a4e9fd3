package policy

import (
	"slices"

	v1 "kubearmor.io/api/security/v1"
)

// Operator relates a Requirement to its values.
type Operator = v1.Operator

// Subject is what a requirement is about.
type Subject uint8

const (
	SubjectLabel     Subject = iota // the label Key
	SubjectPair                     // any label, as Values of the form name=value
	SubjectNamespace                // the namespace's name
	SubjectHost                     // the host's own name, or its label Key
)

// Requirement is one condition of a selector.
type Requirement struct {
	Subject  Subject
	Key      string
	Operator Operator
	Values   []string
}

// Selector is what a policy picks. Requirements and containers are ANDed; a zero
// selector picks all.
type Selector struct {
	Requirements []Requirement
	// Containers narrows the policy to containers of these names; empty is any.
	Containers []string
}

// Target is a container, or the host, as far as selection needs to know it.
type Target struct {
	Host      bool   // the processes of a node that belong to no container
	HostName  string // of the node, whatever the target
	Namespace string
	Labels    map[string]string // of the pod; for a host those of the node
	Container string            // its name in the pod
}

// Selects says whether the policy concerns the target.
func (p *Policy) Selects(t Target) bool {
	return p.SelectsPod(t) && (len(p.Selector.Containers) == 0 || slices.Contains(p.Selector.Containers, t.Container))
}

// SelectsPod is Selects without regard to the name of the container: does the policy
// concern any container that the pod may have?
func (p *Policy) SelectsPod(t Target) bool {
	switch {
	case t.Host != (p.Kind == KindHostPolicy):
		return false
	case p.Kind == KindPolicy && p.Namespace != t.Namespace:
		return false
	}
	for _, r := range p.Selector.Requirements {
		if !r.holds(t) {
			return false
		}
	}
	return true
}

func (r Requirement) holds(t Target) bool {
	switch r.Operator {
	case v1.OpIn:
		return r.any(t)
	case v1.OpNotIn:
		return !r.any(t)
	case v1.OpExists:
		_, ok := t.Labels[r.Key]
		return ok
	case v1.OpDoesNotExist:
		_, ok := t.Labels[r.Key]
		return !ok
	}
	return false
}

// any says whether one of the values is the target's.
func (r Requirement) any(t Target) bool {
	switch r.Subject {
	case SubjectPair:
		return slices.ContainsFunc(r.Values, func(pair string) bool {
			key, value, _ := cutPair(pair)
			have, ok := t.Labels[key]
			return ok && have == value
		})
	case SubjectNamespace:
		return slices.Contains(r.Values, t.Namespace)
	case SubjectHost:
		if slices.Contains(r.Values, t.HostName) {
			return true
		}
	}
	have, ok := t.Labels[r.Key]
	return ok && slices.Contains(r.Values, have)
}
