package glob

import "fmt"

// SyntaxError says what is wrong with a glob, where, and how to mend it.
type SyntaxError struct {
	Pattern string
	Offset  int // in bytes, from 0
	Problem string
	Mend    string
}

// Error names the glob (its beginning, where it is long), the place and the mend.
func (e *SyntaxError) Error() string {
	const shown = 120
	p := e.Pattern
	if len(p) > shown {
		p = p[:shown] + "…"
	}
	return fmt.Sprintf("glob %q, byte %d: %s; %s", p, e.Offset, e.Problem, e.Mend)
}
