package policies

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
	"kubearmor.io/karmor/terminal"
	"kubearmor.io/policy/policytest"
)

func newTest() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Run the unit tests of policies",
		Long: `Run tables of cases: operations with what the policies are expected to decide. Prints each
failing case and how many passed.

A table names its policies relative to itself, and may say for whom it asks:

  policies: [web-app-hardened.yaml]
  namespace: kubearmor-demo        # optional, like labels, posture, baseline and root
  labels: {app: web-app}
  cases:
  - {name: shells do not start, exec: /bin/sh, source: /usr/sbin/nginx, expect: Block, policy: web-app-hardened}
  - {read: /etc/nginx/nginx.conf, expect: Allow}
  - {connect: "tcp 10.0.0.1:443", expect: Allow}

Exit status: 0 when all cases pass, 1 when one fails, 2 when a table or policy is not right.`,
		Example: `  karmor policy test tests/*.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return status.Usage("no file is given: name the tables to run")
			}
			return runTables(cmd.OutOrStdout(), args, json)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

type testReport struct {
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Failures []failureJSON `json:"failures"`
}

type failureJSON struct {
	File     string     `json:"file"`
	Line     int        `json:"line"`
	Case     string     `json:"case"`
	Expected string     `json:"expected"`
	Got      string     `json:"got"`
	Answer   answerJSON `json:"answer"`
}

// runTables runs every table before it prints, so that a bad one doesn't hide in a list
// of failures.
func runTables(out io.Writer, files []string, json bool) error {
	r := testReport{Failures: []failureJSON{}}
	var failures []string
	paint := terminal.NewPainter(out)
	for _, file := range files {
		result, err := policytest.RunFile(file)
		var unread *fs.PathError
		if errors.As(err, &unread) {
			return fmt.Errorf("%s can't be read: %w", file, unread.Err)
		}
		if err != nil {
			return err
		}
		r.Passed += result.Passed
		for _, f := range result.Failures {
			r.Failed++
			r.Failures = append(r.Failures, failureJSON{file, f.Case.Line, f.Case.String(), f.Want, f.Got, answerAsJSON(f.Answer)})
			failures = append(failures, fmt.Sprintf("%s %s:%d: %s: expected %s, got %s (%s)",
				paint.Paint(terminal.Bad, "FAIL"), file, f.Case.Line, f.Case, f.Want, f.Got, because(f)))
		}
	}
	if json {
		if err := printJSON(out, r); err != nil {
			return err
		}
	} else {
		for _, f := range failures {
			fmt.Fprintln(out, f)
		}
		fmt.Fprintf(out, "%d passed, %d failed\n", r.Passed, r.Failed)
	}
	if r.Failed > 0 {
		return status.ErrCheck
	}
	return nil
}

// because says what the outcome rests on.
func because(f policytest.Failure) string {
	text := f.Answer.Reason()
	if r := f.Answer.Rule(); r != nil {
		text += " " + r.Field
	}
	if ref, ok := f.Answer.Policy(); ok {
		text += " of " + ref.String()
	}
	return text
}
