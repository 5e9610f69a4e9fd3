package policies

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/policy/protected"
)

func newProtected() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "protected",
		Short: "Print what host policies never deny",
		Long: `Print what host policies never deny: programs without which a host is lost, and the files
they read to start. Executing such a program, and reading its files by it, is always allowed;
other programs are judged as always. 'protectSystem: false' in the configuration lifts this.`,
		Example: `  karmor policy protected
  karmor policy protected -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			if json {
				return printJSON(cmd.OutOrStdout(), protectedAsJSON())
			}
			printProtected(cmd.OutOrStdout())
			return nil
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

type protectedEntry struct {
	Role     string   `json:"role"`
	Reason   string   `json:"reason"`
	Programs []string `json:"programs"`
	Files    []string `json:"files"`
}

func protectedAsJSON() []protectedEntry {
	var entries []protectedEntry
	for _, e := range protected.Set() {
		entries = append(entries, protectedEntry{e.Role, e.Reason, e.Programs, e.Files})
	}
	return entries
}

func printProtected(out io.Writer) {
	for i, e := range protected.Set() {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s: %s\n", e.Role, e.Reason)
		fmt.Fprintf(out, "  programs: %s\n", strings.Join(e.Programs, " "))
		fmt.Fprintf(out, "  files:    %s\n", strings.Join(e.Files, " "))
	}
}
