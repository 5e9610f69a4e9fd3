package command_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"kubearmor.io/karmor/command"
	"kubearmor.io/policy/lint"
)

const referencePath = "../../docs/reference/cli.md"

// TestTheReferenceIsThatOfTheCommands compares the reference with the help of all commands.
// Run it with -update to rewrite the reference.
func TestTheReferenceIsThatOfTheCommands(t *testing.T) {
	var out bytes.Buffer
	out.WriteString(`# karmor

KubeArmor's command line. It also works as a plugin of kubectl: under the name ` + "`kubectl-karmor`" + ` in PATH,
` + "`kubectl karmor policy …`" + ` is the same.

Exit status: 0 when all is well, 1 when a check fails, 2 on bad input. [Writing policies](../guides/policies.md) shows the commands
at work. This page is made from the commands' own help.
`)
	root := command.New("karmor", "")
	describe(&out, root)
	out.WriteString("\n## What lint finds\n\n| code | what |\n|---|---|\n")
	for _, m := range lint.Codes() {
		fmt.Fprintf(&out, "| %s | %s |\n", m.Code, m.Text)
	}
	want := out.String()
	if *update {
		if err := os.WriteFile(referencePath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(referencePath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("the reference is not that of the commands (-commands +reference); run with -update:\n%s", diff)
	}
}

// describe writes a section for each command that does something.
func describe(out *bytes.Buffer, cmd *cobra.Command) {
	if len(cmd.Commands()) == 0 {
		fmt.Fprintf(out, "\n## %s\n\n", cmd.CommandPath())
		text := cmd.Long
		if text == "" {
			text = cmd.Short + "."
		}
		fmt.Fprintf(out, "```text\n%s\n\nUsage:\n  %s\n", text, cmd.UseLine())
		if flags := cmd.LocalFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(out, "\nFlags:\n%s", flags)
		}
		if cmd.Example != "" {
			fmt.Fprintf(out, "\nExamples:\n%s\n", cmd.Example)
		}
		out.WriteString("```\n")
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" && !strings.HasPrefix(sub.Name(), "completion") {
			describe(out, sub)
		}
	}
}
