package explain_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
	"kubearmor.io/policy/explain/elfsample"
)

func TestQuestionsThatAreNotRightSayWhy(t *testing.T) {
	for question, want := range map[string]string{
		"eat /bin/sh":              "is no operation",
		"exec":                     "takes PATH",
		"exec a b":                 "takes PATH",
		"exec bin/sh":              "begin it with /",
		"read /a/../b":             "write it as /b",
		"read /a//b":               "write it as /a/b",
		"net":                      "takes PROTOCOL",
		"net bogus":                "is no protocol: write one of tcp",
		"connect tcp":              "takes PROTOCOL ADDR:PORT",
		"connect tcp 10.0.0.1":     "no address with a port",
		"connect tcp 10.0.0.1:x":   "no address with a port",
		"connect tcp localhost:80": "no address with a port",
		"cap fly":                  "is no capability",
		"syscall fly":              "is no system call",
	} {
		words := strings.Fields(question)
		_, err := explain.ParseQuestion(explain.Verb(words[0]), words[1:])
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", question, err, want)
		}
	}
}

func TestPosturesByCategory(t *testing.T) {
	const b, a = policy.PostureBlock, policy.PostureAudit
	for text, want := range map[string]policy.Postures{
		"":                         {b, b, b, b},
		"audit":                    {a, a, a, a},
		"audit,network=block":      {a, a, b, a},
		"file=audit":               {a, a, b, b}, // process follows file
		"file=audit,process=block": {b, a, b, b},
		"process=block,file=audit": {b, a, b, b},
		"block,file=audit":         {b, a, b, b},
		"capabilities=audit":       {b, b, b, a},
	} {
		if got, err := explain.ParsePostures(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"allow", "file=no", "syscalls=audit", ",", "=audit2"} {
		if _, err := explain.ParsePostures(text); err == nil {
			t.Errorf("%q is taken as postures", text)
		}
	}
}

func TestPoliciesThatNeverMeetAreNotAskedTogether(t *testing.T) {
	host := &policy.Policy{Ref: policy.Ref{Kind: policy.KindHostPolicy, Name: "h"}}
	pod := &policy.Policy{Ref: policy.Ref{Kind: policy.KindPolicy, Name: "p"}}
	if _, err := explain.NewProfile([]*policy.Policy{host, pod}, policy.Options{}); err == nil {
		t.Error("policies for hosts and containers make one profile")
	}
	if _, err := explain.NewProfile([]*policy.Policy{pod, pod}, policy.Options{}); err == nil {
		t.Error("one policy given twice makes one profile")
	}
	p, err := explain.NewProfile([]*policy.Policy{host}, policy.Options{})
	if err != nil || !p.Host {
		t.Errorf("a policy for hosts makes a profile of a container: %v", err)
	}
}

func FuzzParseQuestion(f *testing.F) {
	f.Add("exec", "/bin/sh", "")
	f.Add("connect", "tcp", "[::1]:80")
	f.Add("cap", "CAP_NET_RAW", "")
	f.Fuzz(func(t *testing.T, verb, first, second string) {
		words := []string{first}
		if second != "" {
			words = append(words, second)
		}
		q, err := explain.ParseQuestion(explain.Verb(verb), words)
		if err != nil {
			return
		}
		// What was accepted can be asked, and its text is the same question again.
		p, err := explain.NewProfile(nil, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a, err := explain.Ask(p, nil, q); err == nil && a.Verdict() != explain.Allow {
			t.Errorf("%s: %s without any policy", q, a.Verdict())
		}
		if q.Path == "" {
			again, err := explain.ParseQuestion(q.Verb, strings.Fields(q.String())[1:])
			if err != nil || again.String() != q.String() {
				t.Errorf("%s is read again as %s: %v", q, again, err)
			}
		}
	})
}

func FuzzReadProgram(f *testing.F) {
	f.Add([]byte("#!/bin/sh -e\n"))
	f.Add([]byte("#! \t\n"))
	f.Add(elfsample.Program("/lib/ld.so", []string{"libc.so.6"}, "$ORIGIN/lib:/opt"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := explain.ReadProgram(fstest.MapFS{"p": {Data: data}}, "/p")
		if err != nil {
			t.Errorf("a regular file gives an error: %v", err)
		}
		if p.Interpreter != "" && p.Loader != "" {
			t.Errorf("%+v is both a script and a program", p)
		}
		if strings.ContainsAny(p.Interpreter, " \t\n\x00") {
			t.Errorf("interpreter %q", p.Interpreter)
		}
	})
}

func TestHostsSayThatTheyAllowWhatTheyNeed(t *testing.T) {
	policies, err := policy.Parse(strings.NewReader(`
apiVersion: security.kubearmor.com/v1
kind: KubeArmorHostPolicy
metadata: {name: h}
spec: {process: {matchPaths: [{path: /usr/sbin/sshd}, {path: /usr/bin/nc}]}}`), "h.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := explain.NewProfile(policies, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for path, notes := range map[string]int{"/usr/sbin/sshd": 1, "/usr/bin/nc": 0} {
		a, err := explain.Ask(p, nil, explain.Question{Verb: explain.Exec, Path: path})
		if err != nil || a.Verdict() != explain.Block || len(a.Notes) != notes {
			t.Errorf("%s: %s with notes %q, %v; want %d notes", path, a.Verdict(), a.Notes, err, notes)
		}
	}
}
