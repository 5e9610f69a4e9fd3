package policytest_test

import (
	"errors"
	"strings"
	"testing"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
	"kubearmor.io/policy/policytest"
)

func TestTablesThatSayLessThanTheySeemToAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		line  int
		want  string
	}{
		"empty":                       {"", 0, "is empty"},
		"comments alone":              {"# nothing\n", 0, "is empty"},
		"no mapping":                  {"- a\n", 1, "has to be a mapping"},
		"not YAML":                    {"policies: [\n", 0, "is not YAML"},
		"a second document":           {"policies: [a]\ncases: [{net: tcp, expect: Allow}]\n---\nx: 1\n", 3, "second document"},
		"no policies":                 {"cases: [{net: tcp, expect: Allow}]\n", 1, "policies is missing"},
		"an empty list of policies":   {"policies: []\ncases: [{net: tcp, expect: Allow}]\n", 1, "policies is missing or empty"},
		"no cases":                    {"policies: [a]\n", 1, "cases is missing"},
		"an empty list of cases":      {"policies: [a]\ncases: []\n", 1, "cases is missing"},
		"an unknown field":            {"policies: [a]\nlables: {a: b}\n", 2, `"lables" is not a field of a table`},
		"an unknown field of a case":  {"policies: [a]\ncases:\n- net: tcp\n  expct: Allow\n", 4, `"expct" is not a field of a case`},
		"a field given twice":         {"policies: [a]\npolicies: [b]\n", 2, "policies is given twice"},
		"a case that asks nothing":    {"policies: [a]\ncases:\n- {expect: Allow}\n", 3, "asks nothing"},
		"a case that asks twice":      {"policies: [a]\ncases:\n- {read: /a, write: /a, expect: Allow}\n", 3, "asks one thing"},
		"a case that expects nothing": {"policies: [a]\ncases:\n- {read: /a}\n", 3, "expect is missing"},
		"an unknown outcome":          {"policies: [a]\ncases:\n- {read: /a, expect: Deny}\n", 3, `"Deny" is no outcome`},
		"an unknown reason":           {"policies: [a]\ncases:\n- {read: /a, expect: Allow, reason: luck}\n", 3, `"luck" is none`},
		"an empty value":              {"policies: [a]\ncases:\n- {read: /a, expect: Allow, policy: }\n", 3, "policy is empty"},
		"an empty text":               {"policies: [a]\ncases:\n- {read: /a, expect: Allow, rule: ''}\n", 3, "rule is empty"},
		"a path that is none":         {"policies: [a]\ncases:\n- {read: a, expect: Allow}\n", 3, "begin it with /"},
		"arguments of a read":         {"policies: [a]\ncases:\n- {read: /a, args: [x], expect: Allow}\n", 3, "args belongs to exec"},
		"a flag that is none":         {"policies: [a]\ncases:\n- {read: /a, owner: 1, expect: Allow}\n", 3, "neither true nor false"},
		"a posture that is none":      {"policies: [a]\nposture: allow\n", 2, "no posture"},
		"a baseline that is none":     {"policies: [a]\nbaseline: off\n", 2, "no file baseline"},
		"a container without labels":  {"policies: [a]\ncontainer: c\ncases: [{net: tcp, expect: Allow}]\n", 1, "without labels"},
		"a label given twice":         {"policies: [a]\nlabels: {a: b, a: c}\n", 2, "one value"},
		"labels as a list":            {"policies: [a]\nlabels: [a]\n", 2, "mapping of names"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policytest.Parse(strings.NewReader(c.table), "t.yaml")
			var e *policytest.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want one of the table", err)
			}
			if e.Line != c.line || !strings.Contains(e.Problem, c.want) || e.Source != "t.yaml" {
				t.Errorf("%v, want line %d and %q", err, c.line, c.want)
			}
		})
	}
}

func TestACaseOverridesItsTable(t *testing.T) {
	table, err := policytest.Parse(strings.NewReader(`
policies: [p.yaml]
posture: audit
baseline: none
cases:
- {write: /data/x y, source: /bin/a, owner: true, tty: true, expect: Audit, policy: p}
- {read: /etc/ld.so.cache, posture: block, baseline: runtime, expect: Allow, reason: baseline}
- {exec: /bin/a, args: [], expect: "Audit (Block)"}
`), "t.yaml")
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := table.Cases[0], table.Cases[1], table.Cases[2]
	if q := first.Question; q.Path != "/data/x y" || q.Source != "/bin/a" || !q.Owner || !q.TTY {
		t.Errorf("the first case asks %+v", q)
	}
	if !first.Settings.NoBaseline || first.Settings.Postures[policy.File] != policy.PostureAudit {
		t.Errorf("the first case has settings %+v, want those of the table", first.Settings)
	}
	if second.Settings.NoBaseline || second.Settings.Postures[policy.File] != policy.PostureBlock {
		t.Errorf("the second case has settings %+v, want its own", second.Settings)
	}
	if third.Expect != explain.AuditBlock || third.Question.Args == nil {
		t.Errorf("the third case is %+v", third)
	}
}

const web = `
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: web, namespace: demo}
spec:
  selector: {matchLabels: {app: web, kubearmor.io/container.name: nginx}}
  file: {matchPaths: [{path: /etc/shadow}]}
`

func TestATableHasToBeAboutItsPolicies(t *testing.T) {
	const cases = "cases: [{read: /etc/shadow, expect: Block}]\n"
	for name, c := range map[string]struct{ subject, want string }{
		"without a subject, every policy counts":         {"", ""},
		"the right labels, any namespace, any container": {"labels: {app: web}\n", ""},
		"the right container":                            {"labels: {app: web}\ncontainer: nginx\n", ""},
		"another container":                              {"labels: {app: web}\ncontainer: sidecar\n", "does not pick"},
		"other labels":                                   {"labels: {app: db}\n", "does not pick"},
		"no labels at all":                               {"labels: {}\n", "does not pick"},
		"the right namespace":                            {"namespace: demo\n", ""},
		"another namespace":                              {"namespace: other\n", "its namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := policytest.Parse(strings.NewReader("policies: [web.yaml]\n"+c.subject+cases), "t.yaml")
			if err != nil {
				t.Fatal(err)
			}
			policies, err := policy.Parse(strings.NewReader(web), "web.yaml")
			if err != nil {
				t.Fatal(err)
			}
			result, err := table.Run(policies, nil)
			switch {
			case c.want == "" && (err != nil || result.Passed != 1):
				t.Errorf("%+v, %v; want it to pass", result, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "KubeArmorPolicy/demo/web")):
				t.Errorf("error %v, want one that names the policy and says %q", err, c.want)
			}
		})
	}
}

func TestEachExpectationCanFail(t *testing.T) {
	policies, err := policy.Parse(strings.NewReader(web), "web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{read: /etc/shadow, expect: Block, policy: web, rule: 'spec.file.matchPaths[0]', reason: rule}": "",
		"{read: /etc/shadow, expect: Block, policy: demo/web}":                                           "",
		"{read: /etc/shadow, expect: Allow}":                                                             "Block",
		"{read: /etc/shadow, expect: Block, policy: other}":                                              "Block, policy web",
		"{read: /etc/shadow, expect: Block, rule: 'spec.file.matchPaths[1]'}":                            "Block, rule spec.file.matchPaths[0]",
		"{read: /etc/shadow, expect: Block, reason: default posture}":                                    "Block, reason rule",
		"{read: /etc/hosts, expect: Allow, policy: web}":                                                 "Allow, policy none",
		"{read: /etc/hosts, expect: Allow, rule: x}":                                                     "Allow, rule none",
	} {
		table, err := policytest.Parse(strings.NewReader("policies: [web.yaml]\ncases:\n- "+text+"\n"), "t.yaml")
		if err != nil {
			t.Fatal(err)
		}
		result, err := table.Run(policies, nil)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case want == "" && result.Passed != 1:
			t.Errorf("%s fails: got %s", text, result.Failures[0].Got)
		case want != "" && (len(result.Failures) != 1 || result.Failures[0].Got != want):
			t.Errorf("%s: %+v, want a failure with %q", text, result, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("policies: [a]\nlabels: {a: b}\ncases:\n- {exec: /bin/sh, args: [x], expect: Block}\n")
	f.Add("policies: &p [a]\ncases: *p\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := policytest.Parse(strings.NewReader(text), "t.yaml")
		if err != nil {
			var e *policytest.Error
			if !errors.As(err, &e) {
				t.Errorf("error %v is none of a table", err)
			}
			return
		}
		if len(table.Policies) == 0 || len(table.Cases) == 0 {
			t.Errorf("a table without policies or cases is taken")
		}
		for _, c := range table.Cases {
			if c.Question.Verb == "" || c.Expect == "" || c.Line == 0 {
				t.Errorf("case %+v is taken", c)
			}
		}
	})
}
