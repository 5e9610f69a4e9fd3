package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/enforcer/bpflsm"
	"kubearmor.io/agent/node"
)

// kept is where enforcement that outlives its agent is kept.
var kept = bpflsm.Keep{Pins: node.Pins, Run: node.Run}

// load loads an enforcer that ends with this process.
func load(ctx context.Context) (*bpflsm.Enforcer, error) {
	if err := refuseIfOff(ctx); err != nil {
		return nil, err
	}
	return bpflsm.Load(ctx, bpflsm.Options{})
}

// refuseIfOff is asked before anything is attached. Where an administrator has turned enforcement
// off, what is in force is released as well: the switch is there for nodes that a policy has locked.
func refuseIfOff(ctx context.Context) error {
	off, err := node.SwitchedOff(os.DirFS("/"))
	if err != nil || off == "" {
		return err
	}
	released, err := release(ctx, patience)
	if err == nil {
		logr.FromContextOrDiscard(ctx).Info("enforcement is turned off", "by", off, "released", released.String())
	}
	return errors.Join(fmt.Errorf("enforcement is turned off by %s", off), err)
}

// patience is how long an agent may take to end.
const patience = 10 * time.Second

func releaseCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "release",
		Short: "End all enforcement that outlives its agent, and remove what it has left",
		Long: `End all enforcement on this node that outlives its agent (attach --persist), and remove its pinned
programs and maps, its records and held mounts. An agent that runs is ended first: by SIGTERM, and by
SIGKILL if it does not follow. What was removed is printed; where nothing is left, so is that.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			released, err := release(cmd.Context(), wait)
			fmt.Fprintln(cmd.OutOrStdout(), released)
			return err
		},
	}
	cmd.Flags().DurationVar(&wait, "timeout", patience, "how long a running agent may take to end, before it is killed")
	return cmd
}

// release ends the agent that runs, if one does, and removes what outlives it.
func release(ctx context.Context, patience time.Duration) (bpflsm.Released, error) {
	if os.Geteuid() != 0 {
		return bpflsm.Released{}, errors.New("releasing needs root")
	}
	lock, err := node.TakeLock(ctx, node.Run, 0)
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		var held *node.HeldError
		if !errors.As(err, &held) {
			break
		}
		if failed := held.End(signal); failed != nil {
			return bpflsm.Released{}, failed
		}
		lock, err = node.TakeLock(ctx, node.Run, patience)
	}
	if err != nil {
		return bpflsm.Released{}, err
	}
	released, err := bpflsm.Release(kept)
	if err != nil {
		err = fmt.Errorf("release: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	// A killed agent leaves its socket.
	if gone := os.Remove(node.Socket); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return released, errors.Join(err, lock.Close())
}
