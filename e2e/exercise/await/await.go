package await

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Interval is the time between two looks at a condition.
const Interval = 10 * time.Millisecond

// True looks until the condition holds, fails, or limit is over. What names the
// condition in the error; the last "not yet" that the condition gave is quoted.
func True(ctx context.Context, limit time.Duration, what string, condition func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		var final *Never
		if errors.As(err, &final) {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (%w)", what, err, ctx.Err())
		case <-tick.C:
		}
	}
}

// Never is what a condition returns that can't come true any more.
type Never struct{ Reason error }

func (n *Never) Error() string { return n.Reason.Error() }
func (n *Never) Unwrap() error { return n.Reason }
