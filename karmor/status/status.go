// Package status says which exit status an error stands for, so that karmor can be used
// in scripts and pipelines: 0 when all is well, 1 when a check fails, 2 on bad input. All
// commands return its errors; package command turns them into the status.
package status

import (
	"errors"
	"fmt"
)

// ErrCheck says that a check failed and that the command has printed what failed.
var ErrCheck = errors.New("a check failed")

// UsageError is a command line that can't be carried out as it stands.
type UsageError struct{ text string }

// Error returns what is wrong and what to do.
func (e *UsageError) Error() string { return e.text }

// Usage returns a *UsageError.
func Usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// Of returns the exit status.
func Of(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrCheck):
		return 1
	}
	return 2
}
