package matching

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed baseline.bpf.c
var baselineSource string

// KeySizes are the sizes in bytes of the baseline's keys.
func KeySizes() []int { return []int{64, 256} }

// BaselineObject is the name of the baseline's object file for a size of key.
func BaselineObject(keySize int) string { return fmt.Sprintf("baseline-%d.o", keySize) }

// Build compiles the baseline into dir, an object file for each size of key.
func Build(ctx context.Context, dir string) error {
	for _, size := range KeySizes() {
		cmd := exec.CommandContext(ctx, "clang-19", "-O2", "-g", "-Wall", "-Werror", "-target", "bpf", "-mcpu=v3",
			fmt.Sprintf("-DKEY=%d", size), "-I/usr/include/x86_64-linux-gnu",
			"-x", "c", "-", "-c", "-o", filepath.Join(dir, BaselineObject(size)))
		cmd.Stdin = strings.NewReader(baselineSource)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("compile the baseline with keys of %d bytes: %w\n%s", size, err, out)
		}
	}
	return nil
}
