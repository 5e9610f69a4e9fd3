package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/logs"
	"kubearmor.io/karmor/policies"
	"kubearmor.io/karmor/status"
)

// Main runs the command that args name and returns the exit status. release is the version
// the binary was built as, empty where that was not said.
func Main(args []string, release string) int {
	root := New(args[0], release)
	root.SetArgs(args[1:])
	return status.Of(execute(root, os.Stderr))
}

func execute(root *cobra.Command, errOut io.Writer) error {
	cmd, err := root.ExecuteC()
	if err == nil || errors.Is(err, status.ErrCheck) {
		return err
	}
	fmt.Fprintf(errOut, "%s: %v\n", root.DisplayName(), err)
	var usage *status.UsageError
	if errors.As(err, &usage) || isCobraUsage(err) {
		fmt.Fprintf(errOut, "See '%s --help'.\n", cmd.CommandPath())
	}
	return err
}

// isCobraUsage tells errors that cobra makes of a wrong command line by their words.
func isCobraUsage(err error) bool {
	return strings.HasPrefix(err.Error(), "unknown ") || strings.HasPrefix(err.Error(), "required flag")
}

// New returns the tree of commands as started under the name argv0.
func New(argv0, release string) *cobra.Command {
	name := DisplayName(argv0)
	root := &cobra.Command{
		Use:   "karmor",
		Short: "KubeArmor's command line",
		Long: `karmor works with KubeArmor's policies: it checks them, says what they decide and why,
runs their unit tests, runs commands on this host under them, and prints the events they give.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: name},
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return status.Usage("%v", err) })
	root.AddCommand(policies.New(), logs.New(), newRun(), newVersion(release))
	showAs(root, name)
	return root
}

// DisplayName is how karmor is called: kubectl starts its plugins as kubectl-NAME.
func DisplayName(argv0 string) string {
	base := strings.TrimSuffix(filepath.Base(argv0), ".exe")
	if base == "kubectl-karmor" {
		return "kubectl karmor"
	}
	return "karmor"
}

// showAs writes the name into the examples of all commands.
func showAs(cmd *cobra.Command, name string) {
	lines := strings.Split(cmd.Example, "\n")
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(l, "  karmor "); ok {
			lines[i] = "  " + name + " " + rest
		}
	}
	cmd.Example = strings.Join(lines, "\n")
	for _, sub := range cmd.Commands() {
		showAs(sub, name)
	}
}
