package policytest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

func newReader(data []byte) io.Reader { return bytes.NewReader(data) }

func list(names []string) string { return strings.Join(names, ", ") }

func (p *parser) readTable(n *yaml.Node) error {
	t := p.table
	var cases *yaml.Node
	set, err := mapping(n, "a table",
		[]string{"policies", "namespace", "labels", "container", "posture", "baseline", "root", "cases"},
		map[string]field{
			"policies":  texts(&t.Policies),
			"namespace": text(&t.Subject.Namespace),
			"labels":    pairs(&t.Subject.Labels),
			"container": text(&t.Subject.Container),
			"posture":   posture(&t.Settings),
			"baseline":  baseline(&t.Settings),
			"root":      text(&t.Root),
			"cases":     func(v *yaml.Node) error { cases = v; return nil },
		})
	switch {
	case err != nil:
		return err
	case len(t.Policies) == 0:
		return fail(n, "policies is missing or empty: name the files of the policies to test")
	case cases == nil || cases.Kind != yaml.SequenceNode || len(cases.Content) == 0:
		return fail(n, "cases is missing or no list with entries: a table without cases tests nothing")
	case set["container"] && !set["labels"]:
		return fail(n, "container is given without labels: give the labels of its pod, too")
	}
	for _, c := range cases.Content {
		parsed, err := p.readCase(follow(c))
		if err != nil {
			return err
		}
		t.Cases = append(t.Cases, parsed)
	}
	return nil
}

func (p *parser) readCase(n *yaml.Node) (Case, error) {
	c := Case{Line: n.Line, Settings: p.table.Settings}
	var q explain.Question
	known := []string{"name"}
	var args []string
	var expect string
	fields := map[string]field{
		"name": text(&c.Name), "source": text(&q.Source), "owner": flag(&q.Owner), "tty": flag(&q.TTY), "args": texts(&args),
		"posture": posture(&c.Settings), "baseline": baseline(&c.Settings),
		"expect": text(&expect), "policy": text(&c.Policy), "rule": text(&c.Rule), "reason": text(&c.Reason),
	}
	for _, verb := range explain.Verbs() {
		known = append(known, string(verb))
		fields[string(verb)] = operation(verb, &q)
	}
	known = append(known, "source", "owner", "tty", "args", "posture", "baseline", "expect", "policy", "rule", "reason")
	set, err := mapping(n, "a case", known, fields)
	if err != nil {
		return c, err
	}
	c.Question, c.Question.Args = q, args
	return c, c.check(n, set, expect)
}

// operation reads the one field that says what is done.
func operation(verb explain.Verb, q *explain.Question) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return errors.New("has to be text")
		}
		if q.Verb != "" {
			return fail(n, "a case asks one thing, not %s and %s: make two cases of it", q.Verb, verb)
		}
		words := []string{n.Value} // a path may hold blanks
		if verb == explain.Connect || verb == explain.Bind || verb == explain.Accept {
			words = strings.Fields(n.Value)
		}
		asked, err := explain.ParseQuestion(verb, words)
		if err != nil {
			return fail(n, "%v", err)
		}
		q.Verb, q.Path, q.Protocol, q.Address, q.Capability, q.Syscall = asked.Verb, asked.Path, asked.Protocol, asked.Address, asked.Capability, asked.Syscall
		return nil
	}
}

// check refuses a case that says less than it seems to.
func (c *Case) check(n *yaml.Node, set map[string]bool, expect string) error {
	c.Expect = explain.Verdict(expect)
	switch verb := c.Question.Verb; {
	case verb == "":
		return fail(n, "the case asks nothing: give exec, read, write, net, connect, bind, accept, cap or syscall")
	case expect == "":
		return fail(n, "expect is missing: write Allow, Block, Audit or \"Audit (Block)\"")
	case !slices.Contains(explain.Verdicts(), c.Expect):
		return fail(n, "expect: %q is no outcome: write Allow, Block, Audit or \"Audit (Block)\"", expect)
	case set["args"] && verb != explain.Exec:
		return fail(n, "args belongs to exec, not to %s", verb)
	case set["reason"] && !slices.Contains(reasons(), c.Reason):
		return fail(n, "reason: %q is none: write %s", c.Reason, list(reasons()))
	}
	for _, f := range [][2]string{{"policy", c.Policy}, {"rule", c.Rule}, {"source", c.Question.Source}} {
		if set[f[0]] && f[1] == "" {
			return fail(n, "%s is empty: give it a value, or remove it", f[0])
		}
	}
	return nil
}

func reasons() []string {
	var all []string
	for _, r := range []policy.Reason{policy.ReasonRule, policy.ReasonPosture, policy.ReasonBaseline, policy.ReasonNoRule} {
		all = append(all, r.String())
	}
	return all
}

func posture(s *Settings) field {
	return func(n *yaml.Node) (err error) {
		if n.Kind != yaml.ScalarNode {
			return fmt.Errorf("has to be text: block or audit")
		}
		s.Postures, err = explain.ParsePostures(n.Value)
		return err
	}
}

func baseline(s *Settings) field {
	return func(n *yaml.Node) (err error) {
		if n.Kind != yaml.ScalarNode {
			return fmt.Errorf("has to be text: runtime or none")
		}
		s.NoBaseline, err = explain.ParseBaseline(n.Value)
		return err
	}
}
