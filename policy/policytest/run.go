package policytest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// Failure is a case that came out otherwise.
type Failure struct {
	Case   Case
	Answer explain.Answer
	// Want and Got are the outcomes as far as the case speaks of them.
	Want, Got string
}

// Result is what a table came to.
type Result struct {
	Passed   int
	Failures []Failure
}

// RunFile reads a table and runs it. An error means that the table could not be run: it
// is not right itself, or a policy or its root can't be read.
func RunFile(name string) (*Result, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := Parse(f, name)
	if err != nil {
		return nil, err
	}
	policies, err := t.load(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	if t.Root == "" {
		return t.Run(policies, nil)
	}
	root, err := os.OpenRoot(beside(filepath.Dir(name), t.Root))
	if err != nil {
		return nil, &Error{Source: name, Problem: "root: " + err.Error()}
	}
	defer root.Close()
	links, ok := root.FS().(fs.ReadLinkFS)
	if !ok {
		return nil, &Error{Source: name, Problem: "root: links can't be read on this system"}
	}
	return t.Run(policies, links)
}

// load reads the policies of a table that lies in dir.
func (t *Table) load(dir string) ([]*policy.Policy, error) {
	var all []*policy.Policy
	for _, file := range t.Policies {
		policies, err := policy.ParseFile(beside(dir, file))
		if err != nil {
			return nil, fmt.Errorf("%s: a policy can't be used:\n%w", t.Source, err)
		}
		all = append(all, policies...)
	}
	return all, nil
}

func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// Run asks every case of the policies. They have to be those that the table is about.
func (t *Table) Run(policies []*policy.Policy, root fs.ReadLinkFS) (*Result, error) {
	for _, p := range policies {
		if why := t.leavesOut(p); why != "" {
			return nil, &Error{Source: t.Source, Problem: fmt.Sprintf("%s (%s) does not concern what the table is about: %s", p.Ref, p.Source, why)}
		}
	}
	profiles := map[Settings]*policy.Profile{}
	result := &Result{}
	for _, c := range t.Cases {
		if profiles[c.Settings] == nil {
			p, err := explain.NewProfile(policies, policy.Options{Postures: c.Settings.Postures, NoBaseline: c.Settings.NoBaseline, Root: root})
			if err != nil {
				return nil, &Error{Source: t.Source, Problem: err.Error()}
			}
			profiles[c.Settings] = p
		}
		answer, err := explain.Ask(profiles[c.Settings], root, c.Question)
		if err != nil {
			return nil, &Error{Source: t.Source, Line: c.Line, Problem: err.Error()}
		}
		if want, got := c.compare(answer); want != got {
			result.Failures = append(result.Failures, Failure{Case: c, Answer: answer, Want: want, Got: got})
			continue
		}
		result.Passed++
	}
	return result, nil
}

// leavesOut says why a policy does not concern the table's subject, "" where it does.
func (t *Table) leavesOut(p *policy.Policy) string {
	switch s := t.Subject; {
	case s.Namespace != "" && p.Kind == policy.KindPolicy && p.Namespace != "" && p.Namespace != s.Namespace:
		return fmt.Sprintf("its namespace is %q, the table's %q", p.Namespace, s.Namespace)
	case !s.Selects(p):
		return "its selector does not pick the table's labels; mend one of them"
	}
	return ""
}

// compare renders the outcome that the case asks for and the one it got, both in the
// parts that the case speaks of.
func (c Case) compare(a explain.Answer) (want, got string) {
	want, got = string(c.Expect), string(a.Verdict())
	if c.Policy != "" {
		name := "none"
		if ref, ok := a.Policy(); ok {
			name = ref.Name
			if full := ref.Namespace + "/" + ref.Name; c.Policy == full {
				name = full
			}
		}
		want, got = want+", policy "+c.Policy, got+", policy "+name
	}
	if c.Rule != "" {
		field := "none"
		if r := a.Rule(); r != nil {
			field = r.Field
		}
		want, got = want+", rule "+c.Rule, got+", rule "+field
	}
	if c.Reason != "" {
		want, got = want+", reason "+c.Reason, got+", reason "+a.Reason()
	}
	return want, got
}
