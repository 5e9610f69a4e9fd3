package matching

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Print writes the result as tables; unit is what the figures count: "ns", or what a
// counting clock makes of it.
func (r Result) Print(out io.Writer, unit string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "program\tBPF instructions\tverified\tmachine code, bytes\t")
	for _, p := range r.Programs {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", p.Name, p.BPF, p.Verified, p.MachineCode)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nbytes\trules\tkubearmor, %s\tgrowth\t", unit)
	for _, p := range r.Programs[1:] {
		fmt.Fprintf(w, "%s\tratio\t", p.Name)
	}
	fmt.Fprintln(w)
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%d\t%s\t%.1f\t%.2f\t", len(row.Case.Path), row.Case, row.Product, row.Growth)
		for i, cost := range row.Lookups {
			fmt.Fprintf(w, "%.1f\t1/%.1f\t", cost, 1/row.Ratios[i])
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
