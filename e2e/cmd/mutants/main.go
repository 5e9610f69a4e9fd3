// Command mutants takes parts of the programs away, one at a time, and expects tests in a guest to notice:
// `mutants KERNEL`. It prints a line for each and exits 1 if one went unnoticed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kubearmor.io/e2e/checks"
	"kubearmor.io/e2e/mutants"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mutants KERNEL")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	unnoticed, err := run(ctx, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if unnoticed > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, kernel string) (unnoticed int, err error) {
	all, err := mutants.Mutants()
	if err != nil {
		return 0, err
	}
	root, err := checks.Root()
	if err != nil {
		return 0, err
	}
	tree, err := mutants.NewTree(ctx, root)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, tree.Remove()) }()
	for _, m := range all {
		by, err := tree.Try(ctx, m, kernel)
		switch {
		case err != nil:
			return unnoticed, err
		case by == "":
			unnoticed++
			fmt.Printf("UNNOTICED  %s\n", m)
		default:
			fmt.Printf("noticed    %s, by %s\n", m, by)
		}
	}
	return unnoticed, nil
}
