package protected

import (
	"fmt"
	"path"
	"strings"

	"kubearmor.io/policy"
)

// named is how many paths a warning lists before it only counts.
const named = 3

// Warnings says, in one sentence per rule, which protected programs and files the rules of
// a host policy would deny. Of a policy for containers there is nothing to say.
func Warnings(p *policy.Policy) []string {
	if p.Kind != policy.KindHostPolicy {
		return nil
	}
	// Written paths on both sides: which of them are links differs from host to host.
	profile, err := policy.NewProfile([]*policy.Policy{p}, policy.Options{Host: true, NoBaseline: true})
	if err != nil {
		return nil // Parse reports what can't be compiled
	}
	w := collector{profile: profile, hits: map[int][]string{}}
	for _, e := range Set() {
		w.entry(e)
	}
	return w.sentences()
}

// collector gathers, per rule, what it would deny.
type collector struct {
	profile *policy.Profile
	hits    map[int][]string
	order   []int
}

func (w *collector) entry(e Entry) {
	for _, program := range e.Programs {
		w.ask(&policy.Operation{Kind: policy.OpExec, Names: policy.Name(program), StartedBy: path.Base(program)}, program)
	}
	for _, file := range e.Files {
		name := file
		if dir, ok := strings.CutSuffix(file, "/"); ok {
			name = dir
		}
		// Some program of the role is denied: rules with fromSource may spare one and not another.
		for _, program := range e.Programs {
			w.ask(&policy.Operation{Kind: policy.OpRead, Names: policy.Name(name), Source: policy.Name(program), Owner: true}, file)
		}
	}
}

func (w *collector) ask(op *policy.Operation, what string) {
	d := policy.Decide(w.profile, op)
	denies := d.Verdict == policy.Denied || d.Report == policy.ReportAuditBlock
	if !denies || d.Reason != policy.ReasonRule {
		return
	}
	for _, have := range w.hits[d.Rule] {
		if have == what {
			return
		}
	}
	if w.hits[d.Rule] == nil {
		w.order = append(w.order, d.Rule)
	}
	w.hits[d.Rule] = append(w.hits[d.Rule], what)
}

func (w *collector) sentences() []string {
	var all []string
	for _, rule := range w.order {
		hits, more := w.hits[rule], ""
		if len(hits) > named {
			hits, more = hits[:named], fmt.Sprintf(" and %d more", len(hits)-named)
		}
		all = append(all, fmt.Sprintf("%s blocks %s%s, which hosts never deny to themselves: it has no effect on them unless protectSystem is false",
			w.profile.Policies[0].Rules[rule].Field, strings.Join(hits, ", "), more))
	}
	return all
}
