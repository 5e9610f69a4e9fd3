package main

import "github.com/spf13/cobra"

func newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Run commands on real kernels in throw-away virtual machines",
		Long: `lab boots virtual machines with Debian's kernels under emulation and runs
commands in them as root. Kernels, file systems and container images are made
from Debian packages on first use and kept in the repository's .cache folder
($KUBEARMOR_CACHE names another one).`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(newVMCommand(), newTestCommand(), newImageCommand(), newFetchCommand(), newDepsCommand())
	return cmd
}
