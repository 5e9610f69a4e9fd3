package policies

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
)

// New returns the command `policy` with those below it.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Check, explain and test policies",
		Long: `Check, explain and test policies, from files alone.

These commands need neither a cluster nor root. They exit with 0 when all is well, 1 when
a check fails, and 2 on bad input.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newValidate(), newLint(), newExplain(), newTest(), newBaseline(), newProtected())
	return cmd
}

// outputFlag adds -o.
func outputFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVarP(into, "output", "o", "text", "text or json")
}

// asJSON reads the value of -o.
func asJSON(output string) (bool, error) {
	switch output {
	case "json":
		return true, nil
	case "text":
		return false, nil
	}
	return false, status.Usage("-o %s: write text or json", output)
}

// printing completes a command that prints a part of the product: as text, or data as JSON.
func printing(cmd *cobra.Command, data func() any, text func(io.Writer) error) *cobra.Command {
	var output string
	outputFlag(cmd, &output)
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		json, err := asJSON(output)
		if err != nil {
			return err
		}
		if json {
			return printJSON(cmd.OutOrStdout(), data())
		}
		return text(cmd.OutOrStdout())
	}
	return cmd
}

// count is "1 warning" or "2 warnings".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
