package policies

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
	"kubearmor.io/karmor/terminal"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
	"kubearmor.io/policy/protected"
)

func newValidate() *cobra.Command {
	var r reader
	var output string
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Say which policies would be refused, and why",
		Long: `Say which policies would be refused, and why: a line per problem with file, object, field
and what to do. A file may hold several documents, - is standard input.

Exit status: 0 when all are valid, 1 when one is refused, 2 when a file can't be read.`,
		Example: `  karmor policy validate web-app-hardened.yaml
  karmor policy validate -R policies/
  kustomize build . | karmor policy validate -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			r.stdin = cmd.InOrStdin()
			got, err := r.all(args)
			if err != nil {
				return err
			}
			got.refuseTooComplex()
			v := validation{read: got, warnings: warnings(got)}
			if json {
				err = printJSON(cmd.OutOrStdout(), v.report())
			} else {
				v.print(cmd.OutOrStdout())
			}
			if err == nil && len(got.Errors) > 0 {
				err = status.ErrCheck
			}
			return err
		},
	}
	recursiveFlag(cmd, &r.recursive)
	outputFlag(cmd, &output)
	return cmd
}

// refuseTooComplex compiles each policy by itself, as admission does: one that exceeds a
// limit of the enforcer is refused.
func (got *read) refuseTooComplex() {
	got.Policies = slices.DeleteFunc(got.Policies, func(p *policy.Policy) bool {
		profile, err := policy.NewProfile([]*policy.Policy{p}, policy.Options{Host: p.Kind == policy.KindHostPolicy})
		if err == nil {
			_, err = image.Compile(profile)
		}
		var complex *image.TooComplexError
		if !errors.As(err, &complex) {
			return false
		}
		got.Errors = append(got.Errors, fieldError(p, "spec", complex.Error()))
		return true
	})
}

func fieldError(p *policy.Policy, field, problem string) policy.FieldError {
	return policy.FieldError{
		Source: p.Source, Kind: p.Kind.String(), Name: strings.TrimPrefix(p.Namespace+"/"+p.Name, "/"), Field: field, Problem: problem,
	}
}

type validation struct {
	*read
	warnings []policy.FieldError
}

// warnings are all that the author of a valid policy should know before it is applied.
func warnings(got *read) []policy.FieldError {
	all := append([]policy.FieldError(nil), got.Warnings...)
	for _, p := range got.Policies {
		add := func(field, problem string) { all = append(all, fieldError(p, field, problem)) }
		for _, n := range p.NotEnforced {
			add(n.Field, "is accepted and not enforced: "+n.Reason)
		}
		for _, w := range p.Warnings {
			add("", w)
		}
		for _, w := range protected.Warnings(p) {
			add("", w)
		}
	}
	return all
}

// refused counts objects, of which each may have several problems.
func (v validation) refused() int {
	objects := map[[3]string]bool{}
	for _, e := range v.Errors {
		objects[[3]string{e.Source, e.Kind, e.Name}] = true
	}
	return len(objects)
}

func (v validation) print(out io.Writer) {
	paint := terminal.NewPainter(out)
	for _, e := range v.Errors {
		fmt.Fprintln(out, paint.Paint(terminal.Bad, "refused"), e.Error())
	}
	for _, w := range v.warnings {
		fmt.Fprintln(out, paint.Paint(terminal.Odd, "warning"), w.Error())
	}
	summary := fmt.Sprintf("%d valid", len(v.Policies))
	if n := v.refused(); n > 0 {
		summary += fmt.Sprintf(", %d refused", n)
	}
	if len(v.warnings) > 0 {
		summary += ", " + count(len(v.warnings), "warning")
	}
	fmt.Fprintln(out, summary)
}

// problem is a FieldError as JSON.
type problem struct {
	Source  string `json:"source"`
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Field   string `json:"field,omitempty"`
	Line    int    `json:"line,omitempty"`
	Problem string `json:"problem"`
	Mend    string `json:"mend,omitempty"`
}

type report struct {
	Valid    int       `json:"valid"`
	Refused  int       `json:"refused"`
	Errors   []problem `json:"errors"`
	Warnings []problem `json:"warnings"`
}

func (v validation) report() report {
	r := report{Valid: len(v.Policies), Refused: v.refused(), Errors: []problem{}, Warnings: []problem{}}
	for _, e := range v.Errors {
		r.Errors = append(r.Errors, problem(e))
	}
	for _, w := range v.warnings {
		r.Warnings = append(r.Warnings, problem(w))
	}
	return r
}
