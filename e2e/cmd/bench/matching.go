package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kubearmor.io/e2e/bench/matching"
	"kubearmor.io/e2e/lab"
)

// matchingFlags are the flags of `bench matching`.
type matchingFlags struct {
	effort               matching.Effort
	objects, unit, guest string
}

func newMatchingCommand() *cobra.Command {
	var f matchingFlags
	cmd := &cobra.Command{
		Use:   "matching",
		Short: "Compare the search for a decision with a hash look-up per directory",
		Long: `Runs the matching code and the baseline in this kernel and prints nanoseconds; with
--guest, in a guest that counts instructions, and prints those. Fails where the product misses
its goals by a wide margin, so that a busy machine doesn't matter.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.effort.Rounds, "rounds", 15, "measurements of each program, taken in turns; their median counts")
	flags.IntVar(&f.effort.Repeat, "repeat", 10_000, "runs of a program in a measurement")
	flags.StringVar(&f.guest, "guest", "", "kernel line of a guest to count instructions in")
	flags.StringVar(&f.objects, "objects", "", "folder with the compiled baseline; compiled with clang-19 if none is given")
	flags.StringVar(&f.unit, "unit", "ns", "what the clock counts")
	return cmd
}

func (f matchingFlags) run(ctx context.Context, out, progress io.Writer) (err error) {
	if f.objects == "" {
		if f.objects, err = os.MkdirTemp("", "bench-"); err != nil {
			return fmt.Errorf("make a folder for the baseline: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(f.objects)) }()
		if err := matching.Build(ctx, f.objects); err != nil {
			return err
		}
	}
	if f.guest != "" {
		return f.runInGuest(ctx, out, progress)
	}
	result, err := matching.Run(f.objects, f.effort)
	if err != nil {
		return err
	}
	if err := result.Print(out, f.unit); err != nil {
		return err
	}
	if missed := result.Misses(matching.Goal()); missed != nil {
		fmt.Fprintf(out, "\nmissed goals:\n%v\n", missed)
	}
	return result.Misses(matching.Limit())
}

// In a guest nothing interferes, so that a few rounds do.
const guestRounds, guestRepeat = 5, 500

// runInGuest runs this very program in a guest whose clock counts instructions.
func (f matchingFlags) runInGuest(ctx context.Context, out, progress io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("put this program into the guest: %w", err)
	}
	status, err := lab.Run(ctx, lab.Config{
		Kernel: f.guest, CountInstructions: true,
		Add: []lab.Add{{Host: self, Path: "/opt/bench/bench"}, {Host: f.objects, Path: "/opt/bench/objects"}},
		Command: []string{
			"/opt/bench/bench", "matching", "--objects", "/opt/bench/objects", "--unit", "instructions",
			fmt.Sprint("--rounds=", guestRounds), fmt.Sprint("--repeat=", guestRepeat),
		},
		Stdout: out, Stderr: progress, Progress: progress,
	})
	if err == nil && status != 0 {
		err = fmt.Errorf("the benchmark exits %d in the guest", status)
	}
	return err
}
