package mutants

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEachMutantChangesWhatIsThere notices a list that the programs have left behind.
func TestEachMutantChangesWhatIsThere(t *testing.T) {
	all, err := Mutants()
	if err != nil || len(all) == 0 {
		t.Fatalf("%d mutants, %v", len(all), err)
	}
	for _, m := range all {
		source, err := os.ReadFile(filepath.Join("../../bpf", m.File))
		if err != nil {
			t.Fatal(err)
		}
		changed, err := m.Changed(string(source))
		if err != nil {
			t.Error(err)
		} else if changed == string(source) {
			t.Errorf("%s changes nothing", m)
		}
		if _, err := regexp.Compile(m.Tests); err != nil || m.Tests == "" {
			t.Errorf("%s: tests %q, %v", m, m.Tests, err)
		}
	}
	if _, err := (Mutant{File: "a.h", Text: "x"}).Changed("x x"); err == nil {
		t.Error("what stands in a file twice is changed")
	}
}
