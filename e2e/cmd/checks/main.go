// Command checks runs a list of checks: `checks LIST` streams each command's output and
// closes with a table of seconds; `checks --quiet LIST` prints a line per check, PASS or FAIL.
// It exits 1 if one failed and 2 on bad usage.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kubearmor.io/e2e/checks"
)

func main() {
	quiet := flag.Bool("quiet", false, "print a line per check, and the output of those that fail")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: checks [--quiet] LIST")
		os.Exit(2)
	}
	list, err := checks.Load(flag.Arg(0))
	if err == nil {
		var root string
		if root, err = checks.Root(); err == nil {
			err = os.Chdir(root)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "checks:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	results := checks.Run(ctx, list, os.Stdout, *quiet)
	if checks.Table(os.Stdout, results) > 0 {
		os.Exit(1)
	}
}
