package policies

import (
	"fmt"
	"io"
	"strings"

	"kubearmor.io/karmor/terminal"
	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

func printAnswer(out io.Writer, a explain.Answer) {
	paint := terminal.NewPainter(out)
	fmt.Fprintf(out, "%s: %s\n", a.Question, paintVerdict(paint, a.Verdict()))
	if ref, ok := a.Policy(); ok {
		fmt.Fprintf(out, "policy: %s\n", ref)
	}
	if r := a.Rule(); r != nil {
		fmt.Fprintf(out, "rule: %s (%s)\n", r.Field, describeRule(r))
	}
	fmt.Fprintf(out, "reason: %s\n", a.Reason())
	for _, ref := range a.Others() {
		fmt.Fprintf(out, "also not granted by: %s\n", ref)
	}
	if r := a.Rule(); r != nil && r.Message != "" {
		fmt.Fprintf(out, "message: %s\n", r.Message)
	}
	if len(a.Steps) > 1 {
		fmt.Fprintln(out, "steps:")
		for _, s := range a.Steps {
			fmt.Fprintf(out, "  %s: %s\n", s.About, stepOutcome(a, s, paint))
		}
	}
	for _, n := range a.Notes {
		fmt.Fprintf(out, "note: %s\n", n)
	}
}

func paintVerdict(paint terminal.Painter, v explain.Verdict) string {
	style := terminal.Odd
	switch v {
	case explain.Allow:
		style = terminal.Good
	case explain.Block:
		style = terminal.Bad
	}
	return paint.Paint(style, string(v))
}

func stepOutcome(a explain.Answer, s explain.Step, paint terminal.Painter) string {
	text := fmt.Sprintf("%s (%s", paintVerdict(paint, explain.VerdictOf(s.Decision)), s.Decision.Reason)
	if r := a.RuleOf(s.Decision); r != nil {
		text += " " + r.Field
	}
	return text + ")"
}

// describeRule says in a few words what the rule is about, resolved.
func describeRule(r *policy.ProfileRule) string {
	m := &r.Match
	what := ""
	switch m.Kind {
	case policy.MatchDir:
		what = m.Path + " and what is in it"
		if m.Recursive {
			what = m.Path + " and everything below"
		}
	case policy.MatchExecName:
		what = "programs named " + m.Name
	case policy.MatchProtocol:
		what = "protocol " + string(m.Protocol)
	case policy.MatchEndpoint:
		what = describeEndpoint(m.Endpoint)
	case policy.MatchCapability:
		what = m.Capability.String()
	case policy.MatchSyscall:
		what = "system calls " + strings.Join(m.Syscalls, ", ")
		if m.Path != "" {
			what += " on " + m.Path
		}
	case policy.MatchPreset:
		what = "preset " + string(m.Preset)
	default:
		what = m.Path
	}
	if r.LinkName != "" {
		what = fmt.Sprintf("%s, which leads to %s", r.LinkPath, m.Path)
	}
	return r.Action.String() + " " + what
}

func describeEndpoint(e *policy.Endpoint) string {
	protocol, direction, address := "every protocol", "to", "every address"
	if e.Protocol != "" && e.Protocol != policy.ProtoAll {
		protocol = string(e.Protocol)
	}
	if e.Direction == policy.Ingress {
		direction = "at"
	}
	if e.CIDR.IsValid() {
		address = e.CIDR.String()
	}
	var ports []string
	for _, p := range e.Ports {
		if p.First == p.Last {
			ports = append(ports, fmt.Sprint(p.First))
		} else {
			ports = append(ports, fmt.Sprintf("%d-%d", p.First, p.Last))
		}
	}
	text := protocol + " " + direction + " " + address
	if len(ports) > 0 {
		text += " port " + strings.Join(ports, ", ")
	}
	return text
}

// answerJSON is an answer as JSON.
type answerJSON struct {
	Question string      `json:"question"`
	Verdict  string      `json:"verdict"`
	Policy   *policyJSON `json:"policy"`
	Rule     string      `json:"rule,omitempty"`
	Reason   string      `json:"reason"`
	// Others are further allow-lists that a default posture's denial rests on.
	Others   []policyJSON `json:"others,omitempty"`
	Severity int          `json:"severity,omitempty"`
	Tags     []string     `json:"tags,omitempty"`
	Message  string       `json:"message,omitempty"`
	Steps    []stepJSON   `json:"steps"`
	Notes    []string     `json:"notes,omitempty"`
}

type policyJSON struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

type stepJSON struct {
	About   string      `json:"about"`
	Verdict string      `json:"verdict"`
	Policy  *policyJSON `json:"policy"`
	Rule    string      `json:"rule,omitempty"`
	Reason  string      `json:"reason"`
}

func answerAsJSON(a explain.Answer) answerJSON {
	d := a.Deciding().Decision
	j := answerJSON{
		Question: a.Question.String(), Verdict: string(a.Verdict()), Policy: policyOf(a, d), Reason: a.Reason(), Notes: a.Notes,
	}
	if r := a.Rule(); r != nil {
		j.Rule, j.Severity, j.Tags, j.Message = r.Field, r.Severity, r.Tags, r.Message
	}
	for _, ref := range a.Others() {
		j.Others = append(j.Others, refAsJSON(ref))
	}
	for _, s := range a.Steps {
		step := stepJSON{About: s.About, Verdict: string(explain.VerdictOf(s.Decision)), Policy: policyOf(a, s.Decision), Reason: s.Decision.Reason.String()}
		if r := a.RuleOf(s.Decision); r != nil {
			step.Rule = r.Field
		}
		j.Steps = append(j.Steps, step)
	}
	return j
}

func policyOf(a explain.Answer, d policy.Decision) *policyJSON {
	ref, ok := a.PolicyOf(d)
	if !ok {
		return nil
	}
	j := refAsJSON(ref)
	return &j
}

func refAsJSON(ref policy.Ref) policyJSON {
	return policyJSON{Kind: ref.Kind.String(), Namespace: ref.Namespace, Name: ref.Name}
}
