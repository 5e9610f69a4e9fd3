//go:build guest

package bpflsm

import (
	"os"
	"slices"
	"strings"
	"testing"

	"kubearmor.io/policy"
)

func argumentCases() map[string]ruleCase {
	const (
		allow = `process: {matchPaths: [{path: /usr/bin/true, action: Allow, allowedArgs: ["-v", "two words", ""]}, {path: HELPER, action: Allow}]}`
		block = `process: {matchPaths: [{path: /usr/bin/true, allowedArgs: ["-v"]}]}`
		none  = `process: {matchPaths: [{path: /usr/bin/true, allowedArgs: []}]}`
		shell = `process: {matchPaths: [{path: /usr/bin/dash, allowedArgs: ["-c", "true"]}]}`
		two   = `process: {matchPaths: [{path: /usr/bin/true, action: Allow, allowedArgs: ["-a", "-b"]}, {path: "/usr/bin/tru?", action: Allow, allowedArgs: ["-b", "-c"]}]}`
	)
	by := func(program string) []told {
		return []told{{program, policy.ReportBlock, policy.ReasonRule, "spec.process.matchPaths[0]"}}
	}
	posture := []told{{"/usr/bin/true", policy.ReportBlock, policy.ReasonPosture, ""}}
	args := func(args ...string) []string { return append([]string{"/usr/bin/true"}, args...) }
	long := "process: {matchPaths: [{path: /usr/bin/true, action: Allow, allowedArgs: [" + strings.Repeat("x", 1000) + "]}]}"
	return map[string]ruleCase{
		"arguments that are allowed":                    {allow, args("-v", "two words", "", "-v"), false, nil},
		"no arguments":                                  {allow, args(), false, nil},
		"an argument that is not allowed":               {allow, args("-v", "-x"), true, posture},
		"one that begins like an allowed one":           {allow, args("-vv"), true, posture},
		"the beginning of one":                          {allow, args("two"), true, posture},
		"an allowed one behind what is not":             {allow, args("-x", "-v"), true, posture},
		"a long argument that is allowed":               {long, args(strings.Repeat("x", 1000), strings.Repeat("x", 1000)), false, nil},
		"one that is a byte longer":                     {long, args(strings.Repeat("x", 1001)), true, posture},
		"256 arguments":                                 {allow, args(slices.Repeat([]string{"-v"}, 256)...), false, nil},
		"257 arguments, which are not read":             {allow, args(slices.Repeat([]string{"-v"}, 257)...), true, posture},
		"more bytes than are read":                      {long, args(slices.Repeat([]string{strings.Repeat("x", 1000)}, 5)...), true, posture},
		"a Block of other arguments":                    {block, args("-v", "-x"), true, by("/usr/bin/true")},
		"what such a Block leaves":                      {block, args("-v"), false, nil},
		"a Block of any arguments":                      {none, args(""), true, by("/usr/bin/true")},
		"what that leaves":                              {none, args(), false, nil},
		"arguments for an interpreter":                  {shell, []string{"/usr/bin/dash", "-c", "true"}, false, nil},
		"others for an interpreter":                     {shell, []string{"/usr/bin/dash", "-c", "false || true"}, true, by("/usr/bin/dash")},
		"what the less specific of two rules allows":    {two, args("-b", "-c"), false, nil},
		"what neither allows whole":                     {two, args("-a", "-c"), true, posture},
		"what both rules allow":                         {two, args("-b"), false, nil},
		"what a program is called is no argument of it": {block, []string{"/usr/bin/bash", "-c", "exec -a -x /usr/bin/true -v"}, false, nil},
	}
}

func TestArgumentsInTheKernel(t *testing.T) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	cases := argumentCases()
	for name, c := range cases {
		c.spec = strings.ReplaceAll(c.spec, "HELPER", self)
		cases[name] = c
	}
	g := seeRules(t, cases)
	t.Run("an event tells the arguments", func(t *testing.T) {
		b := g.box(t, t.Name(), "process: {matchPaths: [{path: /usr/bin/true, action: Audit}]}")
		b.run(t, "/usr/bin/true", "-c", "two words", "")
		b.run(t, "/usr/bin/true", strings.Repeat("x", 1100))
		events := g.of(t, t.Name())
		if len(events) != 2 {
			t.Fatalf("%d events, want 2", len(events))
		}
		if e := events[0]; !slices.Equal(e.Arguments, []string{"/usr/bin/true", "-c", "two words", ""}) || e.ArgumentsCut {
			t.Errorf("%q, cut %t", e.Arguments, e.ArgumentsCut)
		}
		if e := events[1]; len(e.Arguments) != 2 || !strings.HasPrefix(e.Arguments[1], strings.Repeat("x", 1000)) || !e.ArgumentsCut {
			t.Errorf("%q, cut %t", e.Arguments, e.ArgumentsCut)
		}
	})
	for name, spec := range map[string]string{"an Allow": cases["no arguments"].spec, "a Block": cases["a Block of other arguments"].spec} {
		t.Run("arguments that lie anywhere in a page beside "+name, func(t *testing.T) {
			if got := g.box(t, t.Name(), spec).run(t, "helper: arguments-anywhere /usr/bin/true -v -x"); got.exit != 0 {
				t.Error(got.output)
			}
		})
	}
}
