// Command kubearmor-agent enforces policies on a node.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
)

// Exit statuses beside those of the command that `run` runs.
const (
	exitFailed   = 1
	exitBadInput = 2
)

// statusError carries an exit status.
type statusError struct {
	status int
	err    error // nil: nothing to say
}

func (e *statusError) Error() string { return fmt.Sprint(e.err) }
func (e *statusError) Unwrap() error { return e.err }

func badInput(err error) error { return &statusError{exitBadInput, err} }

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx := logr.NewContextWithSlogLogger(context.Background(), log)
	err := root().ExecuteContext(ctx)
	os.Exit(statusOf(err))
}

func statusOf(err error) int {
	var s *statusError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &s):
		s = &statusError{exitFailed, err}
	}
	if s.err != nil {
		fmt.Fprintf(os.Stderr, "kubearmor-agent: %v\n", s.err)
	}
	return s.status
}

// version is set when linking.
var version = "dev"

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "kubearmor-agent",
		Short:         "Enforces policies on a node",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return badInput(err) })
	cmd.AddCommand(runCommand(), stageCommand(), attachCommand(), checkCommand(), releaseCommand())
	return cmd
}
