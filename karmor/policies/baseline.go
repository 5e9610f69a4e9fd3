package policies

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kubearmor.io/policy"
)

func newBaseline() *cobra.Command {
	return printing(&cobra.Command{
		Use:   "baseline",
		Short: "Print the runtime baseline: what file allow-lists grant besides",
		Long: `Print the runtime baseline: what a program that a file allow-list admits needs to start.
It is granted against the default posture alone: a Block still wins. 'fileBaseline: none' in
the configuration, or the annotation kubearmor-file-baseline: none on a namespace, leaves it out.`,
		Example: `  karmor policy baseline
  karmor policy baseline -o json`,
	}, func() any { return baselineLines() }, printBaseline)
}

type baselineLine struct {
	Path    string `json:"path,omitempty"`
	Dir     string `json:"dir,omitempty"`
	Pattern string `json:"pattern,omitempty"`
	Access  string `json:"access"` // read, or read, write
	Reason  string `json:"reason"`
}

func baselineLines() []baselineLine {
	var lines []baselineLine
	for _, b := range policy.Baseline() {
		l := baselineLine{Access: "read", Reason: b.Reason}
		if b.Write {
			l.Access = "read, write"
		}
		switch b.Match.Kind {
		case policy.MatchDir:
			l.Dir = b.Match.Path + "/"
		case policy.MatchGlob:
			l.Pattern = b.Match.Path
		default:
			l.Path = b.Match.Path
		}
		lines = append(lines, l)
	}
	return lines
}

func printBaseline(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILES\tACCESS\tREASON")
	for _, l := range baselineLines() {
		files := l.Path + l.Pattern
		if l.Dir != "" {
			files = l.Dir + "**" // every directory of the baseline is meant with all below it
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", files, l.Access, l.Reason)
	}
	return w.Flush()
}
