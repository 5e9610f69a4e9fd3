package exercise

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// step is one line of the report.
type step struct {
	name  string // what holds if run returns nil
	run   func(ctx context.Context) error
	vital bool // the steps after it can't be tried without it
}

// report runs the steps one after another and prints a line for each.
func report(ctx context.Context, out io.Writer, steps []step) (failed int) {
	var missing error
	for _, s := range steps {
		err := missing
		if err == nil {
			err = s.run(ctx)
		}
		if err == nil {
			fmt.Fprintf(out, "PASS  %s\n", s.name)
			continue
		}
		failed++
		if s.vital && missing == nil {
			missing = fmt.Errorf("not tried, because this failed: %s", s.name)
		}
		fmt.Fprintf(out, "FAIL  %s\n      %s\n", s.name, strings.ReplaceAll(err.Error(), "\n", "\n      "))
	}
	return failed
}

// summary prints the last line.
func summary(out io.Writer, steps, failed int, since time.Time) {
	fmt.Fprintf(out, "\n%d passed, %d failed, %.1f seconds\n", steps-failed, failed, time.Since(since).Seconds())
}
