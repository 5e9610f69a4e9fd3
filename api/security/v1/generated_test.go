package v1

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Whoever changes a type runs `go generate ./...`; here is where it is noticed if not.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	readSources(t)
	dir := t.TempDir()
	run := exec.Command("go", "tool", "-modfile=../../tools/go.mod", "controller-gen", "object", "crd", "paths=.",
		"output:object:dir="+dir, "output:crd:artifacts:config="+dir)
	run.Env = append(os.Environ(), "GOWORK=off")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("controller-gen: %v\n%s", err, out)
	}
	made, err := os.ReadDir(dir)
	if err != nil || len(made) != 4 {
		t.Fatalf("controller-gen made %d files (%v), want the deep copies and three CRDs", len(made), err)
	}
	for _, f := range made {
		committed := filepath.Join("../../../config/crd/bases", f.Name())
		if filepath.Ext(f.Name()) == ".go" {
			committed = f.Name()
		}
		have, err := os.ReadFile(committed)
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is out of date: run `go generate ./...` in api", committed)
		}
	}
}

// readSources opens what the generator will read: go test forgets a cached result
// only for files that the test itself has opened, and comments are part of the CRDs.
func readSources(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d sources, %v", len(files), err)
	}
	for _, file := range files {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
}
