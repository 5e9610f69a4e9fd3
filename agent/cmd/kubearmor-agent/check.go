package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// checkCommand proves that this machine can enforce, and changes nothing.
func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say whether this machine can enforce policies, and what it lacks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := load(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "enforcer: bpf")
			return e.Close()
		},
	}
}
