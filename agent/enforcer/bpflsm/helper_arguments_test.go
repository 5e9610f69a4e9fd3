package bpflsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
)

// argumentsAnywhere has the arguments of a program begin anywhere in a page, by environments of
// every size: with an argument that is allowed alone it must start, and with one more that is not it
// must be denied.
func argumentsAnywhere(program, allowed, other string) error {
	run := func(size int, args ...string) error {
		cmd := exec.Command(program, args...)
		cmd.Env = []string{"PAD=" + strings.Repeat("x", size)}
		return cmd.Run()
	}
	many := slices.Repeat([]string{allowed}, 40)
	for size := 1; size < 4200; size += 59 {
		if err := run(size, many...); err != nil {
			return fmt.Errorf("beside %d bytes: %w", size, err)
		}
		if err := run(size, append(slices.Clip(many), other)...); !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("beside %d bytes: %q must be denied: %v", size, other, err)
		}
	}
	return nil
}
