package image

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kubearmor.io/policy"
	"kubearmor.io/policy/random"
	"kubearmor.io/policy/syscalls"
)

func TestTheRowsOfTheWaysToMakeASystemCallAreOneBehindTheOther(t *testing.T) {
	next := 0
	for _, way := range syscalls.Ways() {
		first, numbers := rowsOf(way)
		if first != next {
			t.Errorf("the rows of way %d begin at %d, want %d", way, first, next)
		}
		next = first + numbers
	}
	if next > SyscallRows || SyscallRows-next >= 64 || SyscallRows%64 != 0 {
		t.Errorf("%d rows are used of %d", next, SyscallRows)
	}
	for _, c := range []struct {
		row  int
		way  syscalls.Way
		name string
	}{
		{SyscallNative + 101, syscalls.Native, "ptrace"},
		{SyscallNative + 511, syscalls.Native, ""},
		{SyscallX32 + 521, syscalls.X32, "ptrace"},
		{SyscallX32 + 101, syscalls.X32, ""},
		{SyscallI386 + 26, syscalls.I386, "ptrace"},
		{SyscallI386 + NumberSocketcall, syscalls.I386, ""},
		{SyscallI386 + NumberIPC, syscalls.I386, ""},
		{SyscallSockets + 3, syscalls.Sockets, "connect"},
		{SyscallIPC + 21, syscalls.IPC, "shmat"},
		{-1, syscalls.Native, ""},
		{SyscallRows, syscalls.Native, ""},
	} {
		if way, name := SyscallOf(c.row); way != c.way || name != c.name {
			t.Errorf("row %d is %q by way %d, want %q by way %d", c.row, name, way, c.name, c.way)
		}
	}
}

// TestEveryWayOfASystemCallIsDecidedAsTheEvaluator goes through the whole table.
func TestEveryWayOfASystemCallIsDecidedAsTheEvaluator(t *testing.T) {
	src := random.New(5)
	reported := 0
	for range 200 {
		profile, err := policy.NewProfile(src.Policies(), src.Options())
		if err != nil {
			t.Fatal(err)
		}
		img, err := Compile(profile)
		if err != nil {
			t.Fatal(err)
		}
		source := src.Program()
		m, heeded := Interpret{img.Words}, Syscalls(img.Words)
		who := Caller{Source: m.Source(SourceFor(source))}
		for row := range SyscallRows {
			_, name := SyscallOf(row)
			op := &policy.Operation{Kind: policy.OpSyscall, Syscall: name, Source: source}
			got, want := img.Outcomes[m.Syscall(row, who)], policy.Decide(profile, op)
			if !SameOutcome(got, want) {
				t.Fatalf("row %d, %q: image: %+v\nevaluator: %+v\nprofile %s", row, name, got, want, profile.Canonical())
			}
			if want.Report != policy.ReportNone {
				reported++
				if heeded[row/64]>>(row%64)&1 == 0 {
					t.Fatalf("row %d, %q, is reported and not heeded", row, name)
				}
			}
		}
	}
	if reported < 100 {
		t.Errorf("%d calls were reported: the random input has become one-sided", reported)
	}
}

func TestAProfileWithoutSystemCallsHasNoTableOfThem(t *testing.T) {
	for name, rule := range map[string]policy.Rule{
		"another category": {Category: policy.File, Match: policy.Matcher{Kind: policy.MatchPath, Path: "/a"}},
		"a rule that is not carried out": {Category: policy.Syscalls, Action: policy.Audit,
			Match: policy.Matcher{Kind: policy.MatchSyscall, Syscalls: []string{"unlink"}, Path: "/a"}},
	} {
		img := compiled(t, rule)
		if img.Words[HeaderFlags]&FlagSyscalls != 0 || Syscalls(img.Words) != [SyscallRows / 64]uint64{} {
			t.Errorf("%s: calls are reported", name)
		}
	}
}

func TestSourcesOfSystemCallsThatTakeTooLongAreRefused(t *testing.T) {
	var rules []policy.Rule
	for i := range 5000 {
		rules = append(rules, policy.Rule{
			Field: fmt.Sprintf("spec.syscalls.matchSyscalls[%d]", i), Category: policy.Syscalls, Action: policy.Audit,
			Match:      policy.Matcher{Kind: policy.MatchSyscall, Syscalls: []string{"ptrace", "mount"}},
			FromSource: []policy.Source{{Path: fmt.Sprintf("/bin/%d", i)}},
		})
	}
	profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Name: "p"}, Rules: rules}}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(profile)
	var complexity *TooComplexError
	if !errors.As(err, &complexity) || !strings.Contains(complexity.Problem, "system calls") || !slices.Contains(complexity.Rules, "KubeArmorPolicy/p spec.syscalls.matchSyscalls[0]") {
		t.Errorf("error %v", err)
	}
}

func compiled(t *testing.T, rules ...policy.Rule) *Image {
	t.Helper()
	profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Name: "p"}, Rules: rules}}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := Compile(profile)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
