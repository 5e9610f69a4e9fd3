package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/disk"
)

// keptBinaryDisks is how many disks of the repository's programs are kept: each
// build of them makes a new one.
const keptBinaryDisks = 4

// binariesDisk is a disk with the programs in the repository's bin folder, or
// none if there are no programs. The lab itself has no business in a guest.
func binariesDisk(ctx context.Context, c *cache.Cache) (string, error) {
	root, err := cache.RepositoryRoot()
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(filepath.Join(root, "bin"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("list the repository's programs: %w", err)
	}
	var programs, identity []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || e.Name() == "lab" {
			continue
		}
		programs = append(programs, filepath.Join(root, "bin", e.Name()))
		identity = append(identity, e.Name(), fmt.Sprint(info.Size(), info.ModTime().UnixNano()))
	}
	if len(programs) == 0 {
		return "", nil
	}
	dir, err := c.Entry(ctx, "binaries", cache.Key(identity...), func(dir string) error {
		content := filepath.Join(dir, "content")
		if err := os.Mkdir(content, 0o755); err != nil {
			return err
		}
		if out, err := exec.CommandContext(ctx, "cp", append(programs, content)...).CombinedOutput(); err != nil {
			return fmt.Errorf("cp: %w: %s", err, out)
		}
		return errors.Join(disk.MakeExt4(ctx, filepath.Join(dir, "disk.ext4"), content, 0), os.RemoveAll(content))
	})
	if err != nil {
		return "", fmt.Errorf("make the disk of the repository's programs: %w", err)
	}
	return filepath.Join(dir, "disk.ext4"), c.Prune("binaries", "", keptBinaryDisks)
}
