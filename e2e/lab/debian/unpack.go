package debian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"kubearmor.io/e2e/lab/tree"
)

// Unpack lays the files of packages out below dir, with owners and modes kept,
// and runs none of their scripts. Documentation is left out: nothing in a
// guest reads it.
func Unpack(ctx context.Context, dir string, files ...string) error {
	for _, file := range files {
		if err := unpackPackage(ctx, dir, file); err != nil {
			return fmt.Errorf("unpack %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

func unpackPackage(ctx context.Context, dir, file string) error {
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run dpkg-deb: %w", err)
	}
	unpackErr := tree.Unpack(dir, out, isUseful)
	_, drainErr := io.Copy(io.Discard, out)
	return errors.Join(unpackErr, drainErr, cmd.Wait())
}

func isUseful(name string) bool {
	for _, folder := range []string{"doc", "man", "locale", "info", "lintian", "bug"} {
		if strings.HasPrefix(name, "usr/share/"+folder+"/") {
			return false
		}
	}
	return true
}
