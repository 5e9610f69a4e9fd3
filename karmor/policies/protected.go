package policies

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/policy/protected"
)

func newProtected() *cobra.Command {
	return printing(&cobra.Command{
		Use:   "protected",
		Short: "Print what host policies never deny",
		Long: `Print what host policies never deny: programs without which a host is lost, and the files
they read to start. Executing such a program, and reading its files by it, is always allowed;
other programs are judged as always. 'protectSystem: false' in the configuration lifts this.`,
		Example: `  karmor policy protected
  karmor policy protected -o json`,
	}, func() any { return protectedEntries() }, printProtected)
}

type protectedEntry struct {
	Role     string   `json:"role"`
	Reason   string   `json:"reason"`
	Programs []string `json:"programs"`
	Files    []string `json:"files"`
}

func protectedEntries() []protectedEntry {
	var entries []protectedEntry
	for _, e := range protected.Set() {
		entries = append(entries, protectedEntry{e.Role, e.Reason, e.Programs, e.Files})
	}
	return entries
}

func printProtected(out io.Writer) error {
	var text strings.Builder
	for i, e := range protected.Set() {
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s: %s\n", e.Role, e.Reason)
		fmt.Fprintf(&text, "  programs: %s\n", strings.Join(e.Programs, " "))
		fmt.Fprintf(&text, "  files:    %s\n", strings.Join(e.Files, " "))
	}
	_, err := io.WriteString(out, text.String())
	return err
}
