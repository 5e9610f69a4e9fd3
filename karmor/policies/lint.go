package policies

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
	"kubearmor.io/karmor/terminal"
	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
	"kubearmor.io/policy/lint"
)

// linting are the flags of lint.
type linting struct {
	recursive  bool
	posture    string
	baseline   string
	root       string
	entrypoint string
	output     string
}

func newLint() *cobra.Command {
	var l linting
	cmd := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Say what is valid in policies and will hurt",
		Long: `Say what is valid in policies and will hurt: rules that never decide, allow-lists under which
a program can't start, names that mean something else than they seem to. Policies that are
given together and concern the same pods are judged together.

With --root, such as an unpacked image, links, scripts and libraries are looked up there; with
--entrypoint, the first program of the container is judged as when it is created.

Exit status: 0 when there is nothing but notes, 1 when there is a warning, 2 when a policy is
not valid or a file can't be read.`,
		Example: `  karmor policy lint web-app-hardened.yaml
  karmor policy lint -R policies/
  karmor policy lint --root ./rootfs --entrypoint "/docker-entrypoint.sh nginx" web-app-hardened.yaml
  karmor policy lint --baseline none -o json policy.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd, args) },
	}
	f := cmd.Flags()
	recursiveFlag(cmd, &l.recursive)
	f.StringVar(&l.posture, "posture", "block", "default posture: block or audit, or by category: file=audit,network=block")
	f.StringVar(&l.baseline, "baseline", "runtime", "file baseline: runtime or none")
	f.StringVar(&l.root, "root", "", "directory in which links, scripts and libraries are looked up")
	f.StringVar(&l.entrypoint, "entrypoint", "", "command the container starts with: full path and arguments, parted by blanks")
	outputFlag(cmd, &l.output)
	return cmd
}

func (l *linting) run(cmd *cobra.Command, args []string) error {
	json, err := asJSON(l.output)
	if err != nil {
		return err
	}
	all, err := reader{stdin: cmd.InOrStdin(), recursive: l.recursive}.valid(args)
	if err != nil {
		return err
	}
	found, err := l.check(all)
	if err != nil {
		return err
	}
	if json {
		err = printJSON(cmd.OutOrStdout(), findingsAsJSON(found))
	} else {
		printFindings(cmd.OutOrStdout(), found)
	}
	if err == nil && slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Level == lint.Warning }) {
		err = status.ErrCheck
	}
	return err
}

func (l *linting) check(all []*policy.Policy) ([]lint.Finding, error) {
	postures, err := explain.ParsePostures(l.posture)
	if err != nil {
		return nil, status.Usage("--posture: %v", err)
	}
	without, err := explain.ParseBaseline(l.baseline)
	if err != nil {
		return nil, status.Usage("--baseline: %v", err)
	}
	root, closeRoot, err := openRoot(l.root)
	if err != nil {
		return nil, err
	}
	defer closeRoot()
	return lint.Check(all, lint.Options{
		Postures: postures, NoBaseline: without, Root: root, Entrypoint: strings.Fields(l.entrypoint),
	})
}

func printFindings(out io.Writer, found []lint.Finding) {
	paint := terminal.NewPainter(out)
	levels := map[lint.Level]int{}
	for _, f := range found {
		levels[f.Level]++
		style := terminal.Bold
		if f.Level == lint.Warning {
			style = terminal.Odd
		}
		place := []string{f.Source, f.Policy.String()}
		if f.Field != "" {
			place = append(place, f.Field)
		}
		text := f.Message
		if f.Mend != "" {
			text += "; " + f.Mend
		}
		fmt.Fprintf(out, "%s %s %s: %s\n", paint.Paint(style, f.Level.String()), f.Code, strings.Join(place, ": "), text)
	}
	fmt.Fprintf(out, "%s, %s\n", count(levels[lint.Warning], "warning"), count(levels[lint.Note], "note"))
}

// findingJSON is a finding as JSON.
type findingJSON struct {
	Code    lint.Code  `json:"code"`
	Level   string     `json:"level"`
	Source  string     `json:"source"`
	Policy  policyJSON `json:"policy"`
	Field   string     `json:"field,omitempty"`
	Message string     `json:"message"`
	Mend    string     `json:"mend,omitempty"`
}

func findingsAsJSON(found []lint.Finding) []findingJSON {
	all := []findingJSON{}
	for _, f := range found {
		all = append(all, findingJSON{f.Code, f.Level.String(), f.Source, refAsJSON(f.Policy), f.Field, f.Message, f.Mend})
	}
	return all
}
