package bpflsm

import (
	"fmt"

	"kubearmor.io/policy/image"
)

// calls are the system calls that a profile names, as bits by row.
type calls [image.SyscallRows / 64]uint64

// everyCall stands for the calls of a profile that can't be read back.
func everyCall() (all calls) {
	for i := range all {
		all[i] = ^uint64(0)
	}
	return all
}

func (c *calls) add(other calls) {
	for i := range c {
		c[i] |= other[i]
	}
}

// callsMissed counts calls that the kernel did not show to the programs, as it does not run one inside
// of itself: where one is preempted in the middle, another task's call meanwhile.
func (e *Enforcer) callsMissed() (n uint64, err error) {
	for _, name := range watchers() {
		if p := e.objects.programs[name]; p != nil {
			stats, err := p.Stats()
			if err != nil {
				return 0, fmt.Errorf("read the counters: %w", err)
			}
			n += stats.RecursionMisses
		}
	}
	return n, nil
}
