package image

import (
	"encoding/json"
	"slices"

	"kubearmor.io/policy"
)

// outcomes numbers the distinct decisions of an image.
type outcomes struct {
	list  []policy.Decision
	index map[string]uint32
}

func newOutcomes() *outcomes {
	o := &outcomes{index: map[string]uint32{}}
	o.number(policy.Decision{Policy: -1, Rule: -1})
	return o
}

// number returns the outcome's index. All decisions that allow silently are outcome 0.
func (o *outcomes) number(d policy.Decision) uint32 {
	if d.Verdict == policy.Allowed && d.Report == policy.ReportNone {
		d = policy.Decision{Policy: -1, Rule: -1}
	}
	key, _ := json.Marshal(d) // plain integers: cannot fail
	if i, ok := o.index[string(key)]; ok {
		return i
	}
	i := uint32(len(o.list))
	o.index[string(key)] = i
	o.list = append(o.list, d)
	return i
}

// words returns the flags of each outcome, with its rank: 0 where nothing happens.
func (o *outcomes) words(p *policy.Profile) []uint32 {
	order := make([]int, len(o.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order[1:], func(a, b int) int { return p.CompareGravity(o.list[b], o.list[a]) })
	w := make([]uint32, len(o.list))
	for rank, i := range order {
		d := o.list[i]
		w[i] = uint32(rank) * OutcomeRank
		if d.Verdict == policy.Denied {
			w[i] |= OutcomeDeny
		}
		if d.Report != policy.ReportNone {
			w[i] |= OutcomeReport
		}
	}
	return w
}

// node is a question the kernel asks about the caller.
type node struct{ condition, yes, no uint32 }

// nodes shares equal questions.
type nodes struct {
	list  []node
	index map[node]uint32
}

// ask returns the word that leads to yes or no, which is no question where they are equal.
func (n *nodes) ask(condition, yes, no uint32) uint32 {
	if yes == no {
		return yes
	}
	if n.index == nil {
		n.index = map[node]uint32{}
	}
	q := node{condition, yes, no}
	i, ok := n.index[q]
	if !ok {
		i = uint32(len(n.list))
		n.index[q] = i
		n.list = append(n.list, q)
	}
	return WordNode | i
}

// caller is what questions find out.
type caller struct {
	owner, tty, entered, otherTask, environ bool
	source                                  policy.Names
	args                                    []string
}

// asks is what a decision depends on besides the rules that are about its object.
type asks struct {
	owner, tty, entered, otherTask, environ bool
	sources                                 []about
	arguments                               []int // lists
}

// rule adds what a rule asks of the caller.
func (a *asks) rule(c *compiler, r *policy.ProfileRule) {
	a.owner, a.tty = a.owner || r.OwnerOnly, a.tty || r.PTS
	if r.FromSource != nil {
		a.sources = append(a.sources, c.sources.about(r))
	}
	if r.AllowedArgs != nil {
		a.arguments = append(a.arguments, c.arguments.list(r))
	}
}

// decide builds the decision word of one table entry: it asks only what the rules in
// question depend on, and lets judge take the decision for each answer.
func (c *compiler) decide(a asks, judge func(caller) policy.Decision) uint32 {
	return c.bySource(a.sources, func(source policy.Names) uint32 {
		return c.byArguments(a.arguments, func(args []string) uint32 {
			who := caller{source: source, args: args}
			questions := []question{
				{a.owner, ConditionOwner, &who.owner}, {a.tty, ConditionTTY, &who.tty}, {a.entered, ConditionEntered, &who.entered},
				{a.otherTask, ConditionOtherTask, &who.otherTask}, {a.environ, ConditionOtherEnviron, &who.environ},
			}
			return c.nodes.answer(questions, func() uint32 { return c.outcomes.number(judge(who)) })
		})
	})
}

// question is one that may be asked, and where its answer goes.
type question struct {
	asked     bool
	condition uint32
	answer    *bool
}

func (n *nodes) answer(questions []question, judge func() uint32) uint32 {
	if len(questions) == 0 {
		return judge()
	}
	q, rest := questions[0], questions[1:]
	no := n.answer(rest, judge)
	if !q.asked {
		return no
	}
	*q.answer = true
	yes := n.answer(rest, judge)
	*q.answer = false
	return n.ask(q.condition, yes, no)
}
