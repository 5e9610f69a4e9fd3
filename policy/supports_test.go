package policy

import (
	"strings"
	"testing"

	"kubearmor.io/policy/syscalls"
)

func TestRulesOnSystemCallsThatCantBeCarriedOutAreNamed(t *testing.T) {
	named := Matcher{Kind: MatchSyscall, Syscalls: []string{"unlink"}}
	for name, c := range map[string]struct {
		match    Matcher
		features Features
		reason   string // a part of it; empty: it is carried out
		partly   bool
	}{
		"by name":                        {match: named, features: BPF()},
		"by name, where nothing watches": {named, Features{Enforcer: "AppArmor"}, "AppArmor does not watch system calls", false},
		"about a path":                   {Matcher{Kind: MatchSyscall, Syscalls: []string{"unlink"}, Path: "/etc/passwd"}, BPF(), "which file a system call is about", false},
		"a call of other processors":     {Matcher{Kind: MatchSyscall, Syscalls: []string{"sync_file_range2"}}, BPF(), "no system call sync_file_range2", false},
		"such a call beside another":     {Matcher{Kind: MatchSyscall, Syscalls: []string{"unlink", "fstatat"}}, BPF(), "no system call fstatat", true},
		"a call of 32-bit programs":      {match: Matcher{Kind: MatchSyscall, Syscalls: []string{"clock_settime64"}}, features: BPF()},
	} {
		t.Run(name, func(t *testing.T) {
			rule := Rule{Field: "f", Category: Syscalls, Action: Audit, Match: c.match}
			p, err := NewProfile([]*Policy{{Ref: Ref{Name: "p"}, Rules: []Rule{rule}}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if enforced := c.features.Enforces(&p.Policies[0].Rules[0]); enforced != (c.reason == "" || c.partly) {
				t.Errorf("it takes part in decisions: %t", enforced)
			}
			found := Supports(p, c.features)
			if c.reason == "" && len(found) == 0 {
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].Reason, c.reason) || found[0].Partly != c.partly || c.reason == "" {
				t.Errorf("%+v, want the reason %q, partly %t", found, c.reason, c.partly)
			}
		})
	}
}

// TestNamesOfSystemCalls holds the names that policies may use against the numbers of x86-64.
func TestNamesOfSystemCalls(t *testing.T) {
	v := validator{}
	for _, way := range syscalls.Ways() {
		for number := range syscalls.X32Numbers {
			name := syscalls.Name(way, number)
			if way == syscalls.Native && name != "" && !v.isSyscall(name) {
				t.Errorf("%s, number %d, can't be named in a policy", name, number)
			}
		}
	}
}
