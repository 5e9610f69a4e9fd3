package main

import "github.com/spf13/cobra"

func newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "bench",
		Short:         "Measure what matching and hooks cost",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(newMatchingCommand(), newHooksCommand())
	return cmd
}
