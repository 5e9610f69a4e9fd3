package node

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// SwitchedOff says by what enforcement is turned off on this node, "" by nothing. root is the
// host's root. What can't be read turns nothing off: /proc is there, and the file is looked
// for by its name alone.
func SwitchedOff(root fs.FS) (string, error) {
	line, err := fs.ReadFile(root, "proc/cmdline")
	if err != nil {
		return "", fmt.Errorf("look whether enforcement is turned off: %w", err)
	}
	if slices.Contains(strings.Fields(string(line)), Parameter) {
		return "the kernel's command line (" + Parameter + ")", nil
	}
	_, err = fs.Stat(root, strings.TrimPrefix(Disabled, "/"))
	switch {
	case err == nil:
		return "the file " + Disabled, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	}
	return "", fmt.Errorf("look whether enforcement is turned off: %w", err)
}
