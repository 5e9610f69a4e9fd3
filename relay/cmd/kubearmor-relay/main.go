// Command kubearmor-relay hands the events of its node's agent to clients on the network.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"

	"kubearmor.io/relay/command"
)

// version is set when linking.
var version = "dev"

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := command.New(version).ExecuteContext(logr.NewContextWithSlogLogger(context.Background(), log))
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "kubearmor-relay: %v\n", err)
	var usage command.UsageError
	if errors.As(err, &usage) {
		os.Exit(2)
	}
	os.Exit(1)
}
