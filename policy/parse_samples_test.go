package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// The samples are what users start from: each of them has to parse as it is.
func TestEverySamplePolicyParses(t *testing.T) {
	files, err := filepath.Glob("../config/samples/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d samples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			in, err := ParseInput(f, file, ParseOptions{SkipOthers: true})
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(file) == "web-app.yaml" {
				if len(in.Policies) != 0 {
					t.Fatalf("an application gave %d policies", len(in.Policies))
				}
				return
			}
			if len(in.Policies) != 1 || len(in.Policies[0].Rules) == 0 {
				t.Fatalf("got %d policies", len(in.Policies))
			}
			for _, w := range in.Policies[0].Warnings {
				t.Errorf("a sample has no doubtful part, got: %s", w)
			}
		})
	}
}
