package main

import (
	"errors"

	"github.com/spf13/cobra"

	"kubearmor.io/e2e/bench/hooks"
)

func newHooksCommand() *cobra.Command {
	var kernel string
	cmd := &cobra.Command{
		Use:   "hooks",
		Short: "Count the instructions that enforcement adds to system calls, in a guest",
		Long: `Boots guests that count instructions, with neither module, with AppArmor and with BPF-LSM, and
runs the same load in each under the same rules. Uses the agent in bin/. Fails where opening a
file under a policy costs far more than with AppArmor.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := hooks.Run(cmd.Context(), kernel, cmd.ErrOrStderr())
			// What was measured before a failure is worth seeing.
			if err = errors.Join(result.Print(cmd.OutOrStdout()), err); err != nil {
				return err
			}
			if missed := result.Misses(hooks.Goal()); missed != nil {
				cmd.Printf("\nmissed goals:\n%v\n", missed)
			}
			return result.Misses(hooks.Limit())
		},
	}
	cmd.Flags().StringVar(&kernel, "kernel", "6.1", "kernel line of the guest")
	return cmd
}
