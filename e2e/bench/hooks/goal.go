package hooks

import (
	"errors"
	"fmt"
	"strings"
)

// Goals for opening a file are shares of what AppArmor adds with the same rules.
const (
	// Goal is what the product aims for.
	Goal = 1.0
	// Limit is what it must meet. Instructions are counted, not timed: a few hundred more
	// come from a change of the kernel or of the product, never from a busy machine.
	Limit = 1.2
)

// Misses lists the openings under a policy that cost more than a share of AppArmor's; nil
// if there are none.
func (r Result) Misses(share float64) error {
	var misses []error
	for _, l := range lists() {
		row, ok := r.row("KubeArmor, " + l.String())
		like, compared := r.row(row.Like)
		if !ok || !compared {
			continue
		}
		for i, c := range row.Costs {
			if !strings.HasPrefix(c.Call, "open") {
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
