package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"kubearmor.io/e2e/lab"
)

func newTestCommand() *cobra.Command {
	var f vmFlags
	cmd := &cobra.Command{
		Use:   "test [flags] PACKAGE [-- ARGUMENT...]",
		Short: "Run a Go package's tests in a guest",
		Long: `Build the test binary of the package in folder PACKAGE, run it in a guest and
exit with its status. Arguments go to the binary: -test.run, -test.v and so on. Tests see
KUBEARMOR_LAB=1 in their environment, and the package's testdata.`,
		Example: `  lab test ./agent/enforcer/bpflsm
  lab test --kernel 5.10 --image busybox ./e2e/lab/oci -- -test.v -test.run Overlay`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := f.parse(nil)
			if err != nil {
				return err
			}
			return f.within(cmd.Context(), func(ctx context.Context) (int, error) {
				return lab.Test(ctx, config, args[0], args[1:]...)
			})
		},
	}
	f.register(cmd)
	return cmd
}

// within runs a guest's work under the time limit and turns its exit status
// into the lab's.
func (f *vmFlags) within(ctx context.Context, work func(context.Context) (int, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("it took longer than %s (--timeout)", f.timeout))
	defer cancel()
	code, err := work(ctx)
	if err != nil {
		return err
	}
	if code != 0 {
		return exitError(code)
	}
	return nil
}
