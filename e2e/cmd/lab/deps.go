package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/host"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/kernel"
)

func newDepsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "deps",
		Short: "Install the programs that the lab needs on this machine",
		Long: `Install with apt-get the programs that the lab needs and this machine lacks. Other
commands do the same when they need it. Without root, say what to install.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return host.Ensure(cmd.Context(), cmd.ErrOrStderr())
		},
	}
}

func newFetchCommand() *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:   "fetch [KERNEL...]",
		Short: "Download kernels and build the guests' root file system ahead of use",
		Long: `Fill the cache, so that later boots need no network: the named kernel lines, or
all of them, and the guests' root file system. Prints each line's release.`,
		Example: "  lab fetch\n  lab fetch --refresh 6.1 newest",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := host.Ensure(cmd.Context(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			c, err := cache.Find(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if len(names) == 0 {
				for _, line := range kernel.Lines() {
					names = append(names, line.Name)
				}
			}
			for _, name := range names {
				k, err := kernel.Get(cmd.Context(), c, name, refresh)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\n", k.Line, k.Release, k.Package)
			}
			_, err = image.GuestDisk(cmd.Context(), c)
			return err
		},
	}
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the archive for newer builds")
	return cmd
}
