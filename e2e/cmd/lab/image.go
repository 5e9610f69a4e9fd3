package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/host"
	"kubearmor.io/e2e/lab/image"
)

func newImageCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "image NAME...",
		Short: "Build container images and print their root folders",
		Long: `Build the named container images from Debian packages and print the folder of
each one's root file system. Guests get them with 'lab vm --image NAME'.

Images: ` + strings.Join(image.Names(), ", "),
		Example:   "  lab image web-app\n  lab vm --image web-app -- ls /images/web-app/rootfs",
		Args:      cobra.MatchAll(cobra.MinimumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: image.Names(),
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := host.Ensure(cmd.Context(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			c, err := cache.Find(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			for _, name := range names {
				img, err := image.Get(cmd.Context(), c, name)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), img.Rootfs())
			}
			return nil
		},
	}
}
