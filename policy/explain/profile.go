package explain

import (
	"fmt"

	"kubearmor.io/policy"
)

// Subject is the container or host that the questions are about, as far as selection and
// the choice between hosts and containers need to know it.
type Subject struct {
	Namespace string // empty: not given, and policies of every namespace may be about it
	// Labels of the pod, or of the node. nil: not given, and every policy counts as selected.
	Labels    map[string]string
	Container string // empty: not given, and no policy is left out for it
}

// Selects says whether a policy concerns the subject.
func (s Subject) Selects(p *policy.Policy) bool {
	if s.Labels == nil {
		return true
	}
	t := policy.Target{
		Host: p.Kind == policy.KindHostPolicy, HostName: s.Labels["kubernetes.io/hostname"],
		Namespace: s.Namespace, Labels: s.Labels, Container: s.Container,
	}
	if p.Kind == policy.KindPolicy && (s.Namespace == "" || p.Namespace == "") {
		t.Namespace = p.Namespace // a file may leave it to the command that applies it
	}
	if s.Container == "" {
		return p.SelectsPod(t)
	}
	return p.Selects(t)
}

// NewProfile makes the profile of one subject of these policies. It fills in whether that
// is a host; policies for hosts and for containers never concern the same process.
func NewProfile(policies []*policy.Policy, opt policy.Options) (*policy.Profile, error) {
	seen := map[policy.Ref]string{}
	for _, p := range policies {
		if first, twice := seen[p.Ref]; twice {
			return nil, fmt.Errorf("%s is given twice, in %s and %s: remove one, or give it another name", p.Ref, first, p.Source)
		}
		seen[p.Ref] = p.Source
		host := p.Kind == policy.KindHostPolicy
		if p != policies[0] && host != opt.Host {
			return nil, fmt.Errorf("%s and %s never concern the same process: ask about policies for hosts and for containers apart", policies[0].Ref, p.Ref)
		}
		opt.Host = host
	}
	return policy.NewProfile(policies, opt)
}
