package hooks

import (
	"errors"
	"fmt"
	"strings"
)

// Shares of what AppArmor adds with the same rules: to opening a file the first time and again, and to the other
// calls but executing, about which docs/performance.md says why it has none.
type Shares struct{ First, Again, Rest float64 }

// Goal is what the product aims for.
func Goal() Shares { return Shares{1, 1. / 3, 1} }

// Limit is what it must meet. Instructions are counted, not timed: a few hundred more
// come from a change of the kernel or of the product, never from a busy machine.
func Limit() Shares { return Shares{1.2, 0.5, 1.2} }

// of returns the share that holds for a call; 0: none does.
func (s Shares) of(call string) float64 {
	switch {
	case strings.HasPrefix(call, "first-open"):
		return s.First
	case strings.HasPrefix(call, "open"):
		return s.Again
	case call == "exec":
		return 0
	}
	return s.Rest
}

// Misses lists the calls under a policy that cost more than a share of AppArmor's; nil
// if there are none.
func (r Result) Misses(shares Shares) error {
	var misses []error
	for _, l := range lists() {
		row, ok := r.row("KubeArmor, " + l.String())
		like, compared := r.row(row.Like)
		if !ok || !compared {
			continue
		}
		for i, c := range row.Costs {
			share := shares.of(c.Call)
			if share == 0 {
				continue
			}
			if got, of := r.added(row, i), r.added(like, i); float64(got) > share*float64(of) {
				misses = append(misses, fmt.Errorf("%s: %s adds %d instructions, AppArmor %d, more than %.2f of it",
					row.Scenario, c.Call, got, of, share))
			}
		}
	}
	return errors.Join(misses...)
}
