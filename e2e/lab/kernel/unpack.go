package kernel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubearmor.io/e2e/lab/debian"
	"kubearmor.io/e2e/lab/disk"
)

// recipe is part of a kernel entry's key: change it with what unpack makes.
const recipe = "kernel-2"

// unpack turns a kernel's packages into the files of a Kernel.
func unpack(ctx context.Context, dir string, files []string) error {
	tree := filepath.Join(dir, "tree")
	if err := debian.Unpack(ctx, tree, files...); err != nil {
		return err
	}
	release, err := mergeModules(tree)
	if err != nil {
		return err
	}
	modules := filepath.Join(tree, "lib/modules", release)
	if err := decompress(ctx, modules); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "depmod", "-b", tree, release).CombinedOutput(); err != nil {
		return fmt.Errorf("depmod %s: %w: %s", release, err, out)
	}
	set, err := openModules(modules)
	if err != nil {
		return fmt.Errorf("kernel %s: %w", release, err)
	}
	for folder, wanted := range map[string][]string{"boot": bootModules(), "memory": memoryDiskModules()} {
		if err := set.copyTo(filepath.Join(dir, folder), wanted); err != nil {
			return fmt.Errorf("kernel %s: %w", release, err)
		}
	}
	if err := disk.MakeExt4(ctx, filepath.Join(dir, "modules.ext4"), filepath.Join(tree, "lib/modules"), 0); err != nil {
		return err
	}
	for _, name := range []string{"vmlinuz", "config"} {
		file, err := findFile(tree, release, name)
		if err != nil {
			return err
		}
		if err := os.Rename(file, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "release"), []byte(release), 0o644),
		os.RemoveAll(tree))
}

// mergeModules brings the modules to lib/modules, where depmod looks, and
// returns the kernel's release.
func mergeModules(tree string) (string, error) {
	merged, lib := filepath.Join(tree, "usr/lib/modules"), filepath.Join(tree, "lib/modules")
	if _, err := os.Stat(merged); err == nil {
		if err := errors.Join(os.MkdirAll(filepath.Dir(lib), 0o755), os.Rename(merged, lib)); err != nil {
			return "", err
		}
	}
	entries, err := os.ReadDir(lib)
	if err != nil {
		return "", fmt.Errorf("find the kernel's modules: %w", err)
	}
	if len(entries) != 1 {
		return "", fmt.Errorf("find the kernel's modules: %d folders in lib/modules, not one", len(entries))
	}
	return entries[0].Name(), nil
}

// findFile finds a file of the kernel, which lies in boot or, on newer
// releases, beside the modules.
func findFile(tree, release, name string) (string, error) {
	for _, path := range []string{"boot/" + name + "-" + release, "lib/modules/" + release + "/" + name} {
		if _, err := os.Stat(filepath.Join(tree, path)); err == nil {
			return filepath.Join(tree, path), nil
		}
	}
	return "", fmt.Errorf("the packages of kernel %s hold no %s", release, name)
}

// decompress unpacks compressed modules in place: the host does it in a second,
// an emulated guest would take one for each boot.
func decompress(ctx context.Context, folder string) error {
	tools := map[string][]string{".xz": {"xz", "-d", "-T2"}, ".zst": {"zstd", "-d", "-q", "--rm"}}
	batches := map[string][]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.Contains(entry.Name(), ".ko.") {
			batches[filepath.Ext(path)] = append(batches[filepath.Ext(path)], path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for ext, files := range batches {
		tool, ok := tools[ext]
		if !ok {
			return fmt.Errorf("decompress %s: compression %s is not known", filepath.Base(files[0]), ext)
		}
		for len(files) > 0 {
			n := min(len(files), 500)
			out, err := exec.CommandContext(ctx, tool[0], append(tool[1:], files[:n]...)...).CombinedOutput()
			if err != nil {
				return fmt.Errorf("decompress modules: %s: %w: %s", tool[0], err, out)
			}
			files = files[n:]
		}
	}
	return nil
}
