package bpf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheCommittedProgramsAreWhatTheSourcesGive runs the commands of doc.go into another folder.
func TestTheCommittedProgramsAreWhatTheSourcesGive(t *testing.T) {
	if _, err := exec.LookPath("clang-19"); err != nil {
		t.Skip("needs clang-19, the compiler that the committed programs are built with")
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	made := t.TempDir()
	for line := range strings.Lines(string(doc)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate go tool bpf2go ")
		if !ok {
			continue
		}
		cmd := exec.Command("sh", "-c", "go tool bpf2go -go-package bpf -output-dir "+made+" "+command)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	files, err := filepath.Glob(filepath.Join(made, "*"))
	if err != nil || len(files) != 6 {
		t.Fatalf("%v, want three programs and their Go: %v", files, err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s is not what its sources give: run `go generate` in bpf", filepath.Base(file))
		}
	}
}
