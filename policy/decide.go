package policy

import (
	"cmp"
	"slices"
	"strings"
)

// Verdict is what the kernel does with an operation.
type Verdict uint8

const (
	Allowed Verdict = iota
	Denied
)

// Report is the event an operation gives; one operation gives at most one.
type Report uint8

const (
	ReportNone       Report = iota
	ReportBlock             // it was denied
	ReportAudit             // it was allowed, and is reported
	ReportAuditBlock        // a policy in mode Audit would have denied it: `Audit (Block)`
)

// Reason says what a decision rests on.
type Reason uint8

const (
	ReasonNoRule   Reason = iota // nothing speaks of the operation
	ReasonRule                   // a rule
	ReasonPosture                // an allow-list does not grant it: the default posture
	ReasonBaseline               // the runtime baseline grants it
	ReasonOutside                // a task outside of the container would be ptraced
)

// String returns the reason as karmor prints it.
func (r Reason) String() string {
	return [...]string{"no rule", "rule", "default posture", "baseline", "outside"}[r]
}

// Decision is the outcome for one operation.
type Decision struct {
	Verdict Verdict
	Report  Report
	Reason  Reason
	// Policy is the index of the policy the decision is reported under, -1 for none.
	Policy int
	// Rule is the index of the deciding rule in that policy, -1 where a posture,
	// the baseline or nothing decides.
	Rule int
	// Others are, for a posture's decision, the other allow-lists of the category.
	Others []int
}

func noRule() Decision { return Decision{Reason: ReasonNoRule, Policy: -1, Rule: -1} }

// Decide is the reference evaluator: what semantics the enforcers carry out. It is a
// pure function of its arguments and safe for concurrent use.
func Decide(p *Profile, op *Operation) Decision {
	return DecideWhere(p, op, func(*ProfileRule) bool { return true })
}

// DecideWhere decides by those rules alone for which enforced holds: what an enforcer
// does that cannot carry out the others. Whether a policy is an allow-list does not
// depend on it, so what is left out never grants anything.
func DecideWhere(p *Profile, op *Operation, enforced func(*ProfileRule) bool) Decision {
	if outOfScope(op) {
		return noRule()
	}
	if op.Kind == OpWrite && op.Change == ChangeForeign {
		return p.decideForeign(enforced)
	}
	d := p.Judge(op.Kind, p.factsOf(op, enforced))
	if op.writesTo() {
		// Both names are written, and both have to pass; the guards have spoken above.
		other := *op
		other.Names, other.Change = op.To, ChangeContent
		d = p.graver(d, p.Judge(op.Kind, p.factsOf(&other, enforced)))
	}
	if op.Silent {
		d.Report = ReportNone
	}
	return d
}

// writesTo says whether the operation writes a second name.
func (op *Operation) writesTo() bool {
	return op.Kind == OpWrite && (op.Change == ChangeRename || op.Change == ChangeExchange || op.Change == ChangeLink)
}

// outOfScope lists what is no operation of any category.
func outOfScope(op *Operation) bool {
	switch op.Kind {
	case OpRead, OpWrite:
		return op.NotFile || op.SetUp
	case OpSocket, OpConnect, OpBind, OpAccept:
		return op.SetUp || ClassifySocket(op.Family, op.SockType, op.Protocol).OutOfScope
	case OpCapability, OpSyscall:
		return op.SetUp
	}
	return false
}

// Facts say which rules an operation matches: all that Judge needs to know of it.
type Facts struct {
	// Winner returns the most specific rule of a policy that matches the operation, -1 for none.
	Winner func(policy int) int
	// Baseline: the runtime baseline grants it.
	Baseline bool
	// Socket is the class of a socket that is created.
	Socket SocketClass
	// Holds says of a rule on endpoints whether the caller is one it is about (fromSource,
	// pts), for the sockets that endpoints need. Nil: it holds of every rule.
	Holds func(RuleRef) bool
	// Guard lists rules that deny besides: those that keep a program read-only or a
	// blocked file from getting another name. They count as Blocks of their policy.
	Guard []RuleRef
}

func (p *Profile) factsOf(op *Operation, enforced func(*ProfileRule) bool) Facts {
	f := Facts{Winner: func(policy int) int {
		for r := range p.Policies[policy].Rules {
			if rule := &p.Policies[policy].Rules[r]; rule.matches(op) && enforced(rule) {
				return r
			}
		}
		return -1
	}}
	if isFileOp(op) {
		f.Baseline = slices.ContainsFunc(p.Baseline, func(b BaselineRule) bool { return b.rule.matches(op) })
	}
	if op.Kind == OpSocket {
		f.Socket = ClassifySocket(op.Family, op.SockType, op.Protocol)
		f.Holds = func(ref RuleRef) bool { return enforced(p.At(ref)) && p.At(ref).MatchesCaller(op) }
	}
	if op.Kind == OpWrite && !p.Host {
		f.Guard = p.guards(op, enforced)
	}
	if op.ByHandle {
		f.Guard = append(f.Guard, p.GuardsByHandle(op.Kind, enforced)...)
	}
	return f
}

// Judge takes the decision twice where a policy in mode Audit exists: without those
// policies, which is what holds, and with them, which is only reported. Compilers
// call it for every set of matching rules that can occur.
func (p *Profile) Judge(kind OpKind, f Facts) Decision {
	d := p.judge(kind, f, false)
	if d.Verdict == Denied || !slices.ContainsFunc(p.Policies, func(q ProfilePolicy) bool { return q.Mode == ModeAudit }) {
		return d
	}
	if would := p.judge(kind, f, true); would.Verdict == Denied {
		would.Verdict, would.Report = Allowed, ReportAuditBlock
		return would
	}
	return d
}

// judge composes the verdicts of all policies, or of those in mode Enforce.
func (p *Profile) judge(kind OpKind, f Facts, withAudit bool) Decision {
	c := composition{profile: p, block: noRule(), audit: noRule(), allow: noRule()}
	cat := kind.Category()
	for i := range p.Policies {
		pol := &p.Policies[i]
		if pol.Mode == ModeAudit && !withAudit {
			continue
		}
		rule := f.Winner(i)
		if rule >= 0 && blocksOnly(kind) && pol.Rules[rule].Action != Block {
			continue
		}
		c.add(i, rule)
		// Mappings and loaders are judged by Blocks alone, so no list has to grant them.
		if pol.AllowList[cat] && listsApply(kind) {
			c.lists = append(c.lists, i)
			c.granted = c.granted || grants(pol, rule)
			if kind == OpSocket && rule < 0 {
				c.grantSocket(i, f)
			}
		}
	}
	for _, ref := range f.Guard {
		if p.Policies[ref.Policy].Mode == ModeEnforce || withAudit {
			c.deny(ref.Policy, ref.Rule)
		}
	}
	return c.decision(cat, f.Baseline)
}

// listsApply says whether an allow-list of its category has to grant the operation.
func listsApply(kind OpKind) bool {
	return kind != OpLoader && kind != OpMapExec && kind != OpAnonExec && kind != OpSyscall
}

// blocksOnly: a loader or a mapping is judged only where a Block wins; then nothing that
// is allowed or audited has to be told.
func blocksOnly(kind OpKind) bool { return kind == OpLoader || kind == OpMapExec }

func grants(pol *ProfilePolicy, rule int) bool {
	return rule >= 0 && pol.Rules[rule].Action != Block
}

// grantSocket: an allow-list of endpoints alone also allows the sockets its protocols need.
func (c *composition) grantSocket(policy int, f Facts) {
	rule := c.profile.Policies[policy].socketRule(f.Socket, func(rule int) bool {
		return f.Holds == nil || f.Holds(RuleRef{policy, rule})
	})
	c.granted = c.granted || rule >= 0
	c.add(policy, rule)
}

// composition collects the verdicts of policies for one operation.
type composition struct {
	profile *Profile
	block   Decision // the Block to name, Policy < 0 for none
	audit   Decision // likewise the Audit
	allow   Decision // likewise the Allow
	lists   []int    // policies with an allow-list in the category
	granted bool
}

// add records that rule decides for a policy; rule < 0: no rule of it matches.
func (c *composition) add(policy, rule int) {
	if rule < 0 {
		return
	}
	d := Decision{Reason: ReasonRule, Policy: policy, Rule: rule}
	switch c.profile.At(RuleRef{policy, rule}).Action {
	case Block:
		c.deny(policy, rule)
	case Audit:
		d.Report = ReportAudit
		c.first(&c.audit, d)
	case Allow:
		c.first(&c.allow, d)
	}
}

// deny records that rule denies the operation.
func (c *composition) deny(policy, rule int) {
	c.first(&c.block, Decision{Verdict: Denied, Report: ReportBlock, Reason: ReasonRule, Policy: policy, Rule: rule})
}

// first keeps in best the decision to name.
func (c *composition) first(best *Decision, d Decision) {
	if best.Policy < 0 || c.profile.before(d, *best) {
		*best = d
	}
}

func (c *composition) decision(cat Category, baseline bool) Decision {
	switch {
	case c.block.Policy >= 0:
		return c.block
	case len(c.lists) > 0 && !c.granted && !baseline:
		return c.postureDecision(cat)
	case c.audit.Policy >= 0:
		return c.audit
	case c.allow.Policy >= 0:
		return c.allow
	case len(c.lists) > 0 && !c.granted:
		return Decision{Reason: ReasonBaseline, Policy: -1, Rule: -1}
	}
	return noRule()
}

func (c *composition) postureDecision(cat Category) Decision {
	d := Decision{Verdict: Denied, Report: ReportBlock, Reason: ReasonPosture, Policy: c.lists[0], Rule: -1}
	d.Others = slices.Clone(c.lists[1:])
	if c.profile.Postures[cat] == PostureAudit {
		d.Verdict, d.Report = Allowed, ReportAudit
	}
	return d
}

// before orders two rules for naming: the most specific, then kind, namespace and name
// (the order of the policies), then position.
func (p *Profile) before(a, b Decision) bool {
	ra, rb := p.At(RuleRef{a.Policy, a.Rule}), p.At(RuleRef{b.Policy, b.Rule})
	ka, kb := ra.key, rb.key
	ka.action, kb.action = 0, 0
	if order := ka.compare(kb); order != 0 {
		return order < 0
	}
	if a.Policy != b.Policy {
		return a.Policy < b.Policy
	}
	return ra.position < rb.position
}

// CompareGravity orders decisions on parts of one operation, the one that holds first.
func (p *Profile) CompareGravity(a, b Decision) int {
	if order := cmp.Compare(a.gravity(), b.gravity()); order != 0 {
		return order
	}
	if a.Rule < 0 {
		return 0
	}
	return p.CompareRules(RuleRef{a.Policy, a.Rule}, RuleRef{b.Policy, b.Rule})
}

// graver returns the decision that holds for an operation on two names, given that for
// each: a denial by rule, then by posture, then what is to be reported in the same order.
func (p *Profile) graver(a, b Decision) Decision {
	if p.CompareGravity(b, a) < 0 {
		return b
	}
	return a
}

// gravity is smaller for what composition prefers.
func (d Decision) gravity() int {
	first := slices.Index([]Report{ReportBlock, ReportAuditBlock, ReportAudit, ReportNone}, d.Report)
	second := slices.Index([]Reason{ReasonRule, ReasonPosture, ReasonBaseline, ReasonNoRule}, d.Reason)
	if d.Report == ReportAudit && d.Reason == ReasonPosture {
		second = -1 // a posture comes before an Audit, whether it denies or not
	}
	return 4*first + second
}

// String renders a decision without its profile, for test output.
func (d Decision) String() string {
	verdict := [...]string{"Allow", "Block"}[d.Verdict]
	report := [...]string{"", " reported", " audited", " audited as would-be Block"}[d.Report]
	return strings.TrimSpace(verdict + report + " by " + d.Reason.String())
}
