package hooks

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

func (r Result) row(scenario string) (Row, bool) {
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Scenario == scenario })
	if i < 0 {
		return Row{}, false
	}
	return r.Rows[i], true
}

// added returns what a row's i-th call costs beyond the plain kernel's.
func (r Result) added(row Row, i int) int {
	plain, _ := r.row(plainName)
	return row.Costs[i].Instructions - plain.Costs[i].Instructions
}

// Print writes what each scenario adds to each call, and its ratio to what AppArmor adds
// with the same rules.
func (r Result) Print(out io.Writer) error {
	plain, ok := r.row(plainName)
	if !ok {
		return fmt.Errorf("nothing was measured without security modules")
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "instructions, kernel %s\t", r.Kernel)
	for _, c := range plain.Costs {
		fmt.Fprintf(w, "%s\t", c.Call)
	}
	fmt.Fprintf(w, "\n%s\t", plain.Scenario)
	for _, c := range plain.Costs {
		fmt.Fprintf(w, "%d\t", c.Instructions)
	}
	fmt.Fprintln(w)
	for _, row := range r.Rows {
		if row.Scenario == plainName {
			continue
		}
		like, compared := r.row(row.Like)
		fmt.Fprintf(w, "%s\t", row.Scenario)
		for i := range row.Costs {
			added := r.added(row, i)
			fmt.Fprintf(w, "%+d", added)
			if compared && r.added(like, i) > 0 {
				fmt.Fprintf(w, " (%.2f)", float64(added)/float64(r.added(like, i)))
			}
			fmt.Fprint(w, "\t")
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "in brackets: over what AppArmor adds with the same rules\t")
	return w.Flush()
}
