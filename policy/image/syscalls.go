package image

import (
	"fmt"
	"maps"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/syscalls"
)

// maxSyscallWork bounds how often a rule is looked at to decide on system calls.
const maxSyscallWork = 1 << 24

// rowsOf says where in the system call table the numbers of a way begin, and how many there are.
func rowsOf(way syscalls.Way) (first, numbers int) {
	switch way {
	case syscalls.Native:
		return SyscallNative, syscalls.Numbers
	case syscalls.X32:
		return SyscallX32, syscalls.X32Numbers
	case syscalls.I386:
		return SyscallI386, syscalls.Numbers
	case syscalls.Sockets:
		return SyscallSockets, syscalls.Multiplexed
	}
	return SyscallIPC, syscalls.Multiplexed
}

// SyscallOf returns the way and the name of a row's call. No name: there is no such call.
func SyscallOf(row int) (way syscalls.Way, name string) {
	for _, way := range syscalls.Ways() {
		if first, numbers := rowsOf(way); row >= first && row < first+numbers {
			return way, syscalls.Name(way, row-first)
		}
	}
	return syscalls.Native, ""
}

// RowsOfSyscall returns the rows of the calls of a name: there is none that has no row, unless
// x86-64 does not have it.
func RowsOfSyscall(name string) (rows []int) {
	for row := range SyscallRows {
		if _, of := SyscallOf(row); of == name && name != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// Syscalls returns the rows of an image whose calls some caller's is reported of, as bits.
func Syscalls(words []uint32) (rows [SyscallRows / 64]uint64) {
	m := Interpret{words}
	if words[HeaderFlags]&FlagSyscalls == 0 {
		return rows
	}
	for row := range SyscallRows {
		if m.at(HeaderSyscallWords, uint32(row)) != 0 {
			rows[row/64] |= 1 << (row % 64)
		}
	}
	return rows
}

// syscallWords compiles the decision on each system call. A call is known by its name, whatever its
// number and the way it is made.
func (c *compiler) syscallWords() ([]uint32, error) {
	about := c.rulesBySyscall()
	if len(about) == 0 {
		return nil, nil
	}
	work := 0
	byName := map[string]uint32{}
	for _, name := range slices.Sorted(maps.Keys(about)) {
		byName[name] = c.syscallWord(name, about[name], &work)
		if work > maxSyscallWork {
			problem := fmt.Sprintf("deciding on system calls takes more than %d steps, which is the limit: use fewer fromSource lists", maxSyscallWork)
			return nil, c.refused(problem, func(r *policy.ProfileRule) bool { return r.Category == policy.Syscalls && r.FromSource != nil })
		}
	}
	words := make([]uint32, SyscallRows)
	for row := range words {
		_, name := SyscallOf(row)
		words[row] = byName[name]
	}
	return words, nil
}

// rulesBySyscall returns the rules that may decide on each call that some rule names: of a
// policy's rules with the same sources the first.
func (c *compiler) rulesBySyscall() map[string][]policy.RuleRef {
	type place struct {
		name           string
		policy, source int
	}
	seen, all := map[place]bool{}, map[string][]policy.RuleRef{}
	for i := range c.profile.Policies {
		for r := range c.profile.Policies[i].Rules {
			rule := &c.profile.Policies[i].Rules[r]
			if rule.Match.Kind != policy.MatchSyscall || !policy.BPF().Enforces(rule) {
				continue
			}
			at := place{policy: i, source: -1}
			if rule.FromSource != nil {
				at.source = c.sources.list(rule)
			}
			for _, at.name = range rule.Match.Syscalls {
				if !seen[at] {
					seen[at] = true
					all[at.name] = append(all[at.name], policy.RuleRef{Policy: i, Rule: r})
				}
			}
		}
	}
	return all
}

// syscallWord compiles the decision on the calls of a name, which those rules are about.
func (c *compiler) syscallWord(name string, refs []policy.RuleRef, work *int) uint32 {
	var a asks
	for _, ref := range refs {
		a.rule(c, c.profile.At(ref))
	}
	return c.decide(a, func(who caller) policy.Decision {
		if *work += len(refs); *work > maxSyscallWork {
			return policy.Decision{}
		}
		op := &policy.Operation{Kind: policy.OpSyscall, Syscall: name, Source: who.source}
		w := winners{}
		for _, ref := range refs {
			if c.profile.At(ref).MatchesCaller(op) {
				w.add(ref)
			}
		}
		return c.profile.Judge(policy.OpSyscall, policy.Facts{Winner: w.of})
	})
}
