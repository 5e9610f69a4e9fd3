package matching

import (
	"errors"
	"fmt"
)

// Goals are what the product is held to.
type Goals struct {
	// Ratio is the largest share of a look-up per directory, with keys that hold the whole
	// name, that an answer may cost.
	Ratio float64
	// Growth is the largest factor between a policy of any size and one of a single rule.
	Growth float64
}

// Goal is what the product aims for.
func Goal() Goals { return Goals{Ratio: 1.0 / 6, Growth: 1.25} }

// Limit is what it must meet on a machine with other things to do: missing it means
// that something has changed, not that the machine was busy.
func Limit() Goals { return Goals{Ratio: 1.0 / 3, Growth: 2} }

// Misses lists what the result misses of the goals; nil if nothing.
func (r Result) Misses(g Goals) error {
	var misses []error
	for _, row := range r.Rows {
		if got := row.Ratios[len(row.Ratios)-1]; got > g.Ratio {
			misses = append(misses, fmt.Errorf("a name of %d bytes by %s costs 1/%.1f of a look-up per directory, more than 1/%.0f",
				len(row.Case.Path), row.Case, 1/got, 1/g.Ratio))
		}
		if row.Growth > g.Growth {
			misses = append(misses, fmt.Errorf("a name of %d bytes by %s costs %.2f times what one rule costs, more than %.2f",
				len(row.Case.Path), row.Case, row.Growth, g.Growth))
		}
	}
	return errors.Join(misses...)
}
