package image

import (
	"fmt"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/automaton"
)

// maxTraceWork bounds how often a rule is looked at to decide on ptrace.
const maxTraceWork = 1 << 24

// traceWords compiles, for each class of a program that would be ptraced, the decision by
// the class of who does it, and what its exec gives it.
func (c *compiler) traceWords() (flags, words []uint32, err error) {
	flags, words = make([]uint32, c.sources.classes()), make([]uint32, c.sources.classes())
	t := newTracing(c)
	for class := range words {
		if slices.ContainsFunc(t.concerned(class), func(n int) bool { return t.rules[n].grants }) {
			flags[class] = SourceSecure
		}
		if words[class], err = t.word(class); err != nil {
			return nil, nil, err
		}
	}
	return flags, words, nil
}

// tracing compiles the decisions on ptrace.
type tracing struct {
	*compiler
	rules    []traceRule
	granting map[int][]int // by list: the rules that grant something
	blocking []int         // the rules that block something
	cuts     []int         // of all lists
	work     int
	known    map[string]uint32 // the word, by the rules that are concerned
}

type traceRule struct {
	rule    *policy.ProfileRule
	about   about
	grants  bool
	outcome uint32
}

func newTracing(c *compiler) *tracing {
	t := &tracing{compiler: c, granting: map[int][]int{}, known: map[string]uint32{}}
	var lists []about
	for n, ref := range c.profile.TraceRules(policy.BPF().Enforces) {
		r := c.profile.At(ref)
		t.rules = append(t.rules, traceRule{r, c.sources.about(r), r.Action != policy.Block, c.outcomes.number(policy.Decision{
			Verdict: policy.Denied, Report: policy.ReportBlock, Reason: policy.ReasonRule, Policy: ref.Policy, Rule: ref.Rule})})
		lists = append(lists, t.rules[n].about)
		if list := t.rules[n].about.list; t.rules[n].grants {
			t.granting[list] = append(t.granting[list], n)
		} else {
			t.blocking = append(t.blocking, n)
		}
	}
	t.cuts = c.sources.cuts(lists)
	return t
}

func (t *tracing) lists(rules []int) []about {
	var lists []about
	for _, n := range rules {
		lists = append(lists, t.rules[n].about)
	}
	return lists
}

// word is the decision on ptracing programs of a class.
func (t *tracing) word(target int) (uint32, error) {
	concerned := t.concerned(target)
	key := fmt.Sprint(concerned)
	if w, ok := t.known[key]; ok {
		return w, nil
	}
	cuts := t.cuts
	if len(t.blocking) == 0 {
		cuts = t.sources.cuts(t.lists(concerned))
	}
	words := make([]uint32, len(cuts))
	for i, caller := range cuts {
		for _, n := range concerned {
			if t.work++; t.work > maxTraceWork {
				return 0, t.refusedForSources()
			}
			r := &t.rules[n]
			if r.rule.KeepsFrom(t.sources.holds(r.about, caller), r.grants) {
				words[i] = r.outcome
				break
			}
		}
	}
	// The same cuts for all targets: what their decisions have in common is shared.
	t.known[key] = t.nodes.search(cuts, words)
	return t.known[key], nil
}

// concerned returns, in order, the rules that may keep a caller from programs of a class:
// those that grant them something, and those that block something and not for them.
func (t *tracing) concerned(target int) []int {
	var rules []int
	for _, list := range t.sources.auto.Set(automaton.SetID(target % t.sources.sets())) {
		for _, n := range t.granting[list] {
			if t.sources.holds(t.rules[n].about, target) {
				rules = append(rules, n)
			}
		}
	}
	for _, n := range t.blocking {
		t.work++
		if !t.sources.holds(t.rules[n].about, target) {
			rules = append(rules, n)
		}
	}
	slices.Sort(rules)
	return rules
}

// outsideWord is the decision on ptracing a task outside of the container.
func (c *compiler) outsideWord() uint32 {
	return c.outcomes.number(policy.DecideTrace(c.profile, policy.Names{}, nil, policy.BPF().Enforces))
}
