package terminal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"kubearmor.io/karmor/terminal"
)

func TestColourIsForTerminalsAlone(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal can be made here: ", err)
	}
	defer pty.Close()

	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if got := terminal.NewPainter(pty).Paint(terminal.Bad, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("on a terminal: %q", got)
	}
	if got := terminal.NewPainter(file).Paint(terminal.Bad, "x"); got != "x" {
		t.Errorf("in a file: %q", got)
	}
	if got := terminal.NewPainter(&bytes.Buffer{}).Paint(terminal.Bad, "x"); got != "x" {
		t.Errorf("in a buffer: %q", got)
	}
	t.Setenv("TERM", "dumb")
	if got := terminal.NewPainter(pty).Paint(terminal.Bad, "x"); got != "x" {
		t.Errorf("on a dumb terminal: %q", got)
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if got := terminal.NewPainter(pty).Paint(terminal.Bad, "x"); got != "x" {
		t.Errorf("with NO_COLOR: %q", got)
	}
}
