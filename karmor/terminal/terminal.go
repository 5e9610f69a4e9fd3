// Package terminal marks words of karmor's output in colour where a person looks at it:
// on a terminal, unless NO_COLOR is set. What is piped or written to a file stays plain.
package terminal

import (
	"io"
	"os"
)

// Style is a way to mark a word.
type Style string

// The styles, as the number of an ANSI escape sequence.
const (
	Good Style = "32"
	Bad  Style = "31"
	Odd  Style = "33"
	Bold Style = "1"
)

// Painter marks words for one output.
type Painter struct{ colour bool }

// NewPainter returns the painter of an output.
func NewPainter(out io.Writer) Painter {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return Painter{}
	}
	info, err := f.Stat()
	return Painter{colour: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Paint marks the text.
func (p Painter) Paint(s Style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}
