//go:build guest

package bpflsm

import (
	"encoding/json"
	"errors"

	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
	"kubearmor.io/policy/random"
)

const (
	randomDir      = "/var/tmp/random"
	randomPolicies = 15
	randomActs     = 80 // under each set of policies
)

// judged is what an event, or the evaluator, says of an act.
type judged struct {
	Resource     string
	Report       policy.Report
	Policy, Rule int
}

// actor is a task in a container that does what it is told.
type actor struct {
	tell *json.Encoder
	hear *json.Decoder
	name string // its program's
}

func (b *box) actor(t *testing.T) *actor {
	t.Helper()
	in, out := b.talk(t, "helper: acts")
	self, err := os.Readlink("/proc/self/exe")
	a := &actor{json.NewEncoder(in), json.NewDecoder(out), self}
	var ready int
	if err := errors.Join(err, a.hear.Decode(&ready)); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *actor) does(what act) (errno syscall.Errno, err error) {
	if err := a.tell.Encode(what); err != nil {
		return 0, err
	}
	var n int
	err = a.hear.Decode(&n)
	return syscall.Errno(n), err
}

// TestTheKernelDecidesAsTheEvaluator has a task in a container do random things under random policies.
func TestTheKernelDecidesAsTheEvaluator(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	names := furnishRandom(t)
	// Else the kernel itself refuses such sockets with the same error.
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0); err != nil {
		t.Fatal(err)
	}
	b := g.box(t, t.Name(), "process: {matchPaths: [{path: /no/such}]}")
	a := b.actor(t)
	acts, denied, seen := 0, 0, 0
	for seed := range uint64(randomPolicies) {
		s, r := random.New(seed), rand.New(rand.NewPCG(seed, 11))
		profile, err := policy.NewProfile(randomRules(s, r, a.name), policy.Options{NoBaseline: true, Postures: s.Options().Postures})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Apply(b.name, profile); err != nil {
			t.Fatal(err)
		}
		want := map[judged]uint64{}
		for range randomActs {
			op, what := randomAct(s, r, a.name, names)
			d := policy.Decide(profile, &op)
			errno, err := a.does(what)
			if err != nil {
				t.Fatal(err)
			}
			acts++
			if d.Verdict == policy.Denied {
				denied++
			}
			if got := errno == syscall.EACCES; got != (d.Verdict == policy.Denied) {
				t.Errorf("seed %d: %+v: %v, the evaluator says %+v", seed, what, errno, d)
			}
			if d.Report != policy.ReportNone {
				want[judged{string(what.Name), d.Report, d.Policy, d.Rule}]++
			}
		}
		all := g.of(t, b.name)
		if diff := cmp.Diff(want, operationsOf(all[seen:])); diff != "" {
			t.Errorf("seed %d: operations by what is told of them (-evaluator +kernel):\n%s", seed, diff)
		}
		seen = len(all)
		if t.Failed() {
			for i := range profile.Policies {
				for _, rule := range profile.Policies[i].Rules {
					t.Logf("policy %d: %+v", i, rule.Rule)
				}
			}
			t.FailNow()
		}
	}
	t.Logf("%d acts, %d of them denied", acts, denied)
	if denied < acts/10 || denied > acts*9/10 {
		t.Error("the random input is one-sided")
	}
}

func operationsOf(events []enforcer.Event) map[judged]uint64 {
	all := map[judged]uint64{}
	for _, e := range events {
		all[judged{e.Resource, e.Decision.Report, e.Decision.Policy, e.Decision.Rule}] += 1 + e.Repeats
	}
	return all
}

// furnishRandom makes a tree of the names that random policies speak of. Some files are another's.
func furnishRandom(t *testing.T) []string {
	t.Helper()
	if err := os.RemoveAll(randomDir); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, dir := range []string{"/usr/bin", "/usr", "/etc/conf.d", "/bin", "/app", "/a/b"} {
		for i, file := range []string{"sh", "bash", "python3", "nginx", "busybox", "ab", "abc", "é", "x\xff"} {
			name := filepath.Join(randomDir, dir, file)
			err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, exits(), 0o755), os.Chown(name, i%2, 0))
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	return names
}

// randomRules returns random policies whose paths lie in the tree, and whose sources may be the actor.
func randomRules(s *random.Source, r *rand.Rand, self string) []*policy.Policy {
	all := s.Policies()
	for _, p := range all {
		var rules []policy.Rule
		for _, rule := range p.Rules {
			if rule.Category == policy.Capabilities || rule.Match.Kind == policy.MatchEndpoint {
				continue
			}
			if m := &rule.Match; m.Path != "" && !strings.HasPrefix(m.Path, "**") {
				m.Path = strings.TrimSuffix(randomDir+m.Path, "/")
			}
			if rule.FromSource != nil {
				rule.FromSource = [][]policy.Source{{{Path: self}}, {{Path: "/no/such"}}, {{Dir: filepath.Dir(self)}}, {{Path: "/no"}, {Dir: "/", Recursive: true}}}[r.IntN(4)]
			}
			rules = append(rules, rule)
		}
		p.Rules = rules
	}
	return all
}

// randomAct returns an operation, as the evaluator is told it and as the actor is.
func randomAct(s *random.Source, r *rand.Rand, self string, names []string) (policy.Operation, act) {
	for {
		op := s.Operation()
		i := r.IntN(len(names))
		clean := policy.Operation{Kind: op.Kind, Source: policy.Name(self), Names: policy.Name(names[i]), Owner: i%9%2 == 0}
		what := act{Name: []byte(names[i])}
		switch op.Kind {
		case policy.OpRead:
			what.Do = "read"
		case policy.OpWrite:
			what.Do = []string{"write", "chmod", "truncate", "times"}[r.IntN(4)]
		case policy.OpExec:
			what.Do, what.Args = "exec", op.Args
			clean.Args, clean.StartedBy = op.Args, filepath.Base(names[i])
		case policy.OpSocket:
			clean.Names, clean.Family, clean.SockType, clean.Protocol = policy.Names{}, op.Family, op.SockType, op.Protocol
			what = act{Do: "socket", Family: op.Family, Type: op.SockType, Protocol: op.Protocol}
			clean.Owner = false
		case policy.OpSyscall:
			clean.Names, clean.Owner, clean.Syscall = policy.Names{}, false, op.Syscall
			rows := image.RowsOfSyscall(op.Syscall)
			what = act{Do: "call", Name: []byte(op.Syscall), Number: rows[0]} // the 64-bit one
			if row := rows[1]; row < image.SyscallI386 && r.IntN(2) == 0 {
				what.Number = row - image.SyscallX32 | 1<<30
			}
		default:
			continue
		}
		return clean, what
	}
}
