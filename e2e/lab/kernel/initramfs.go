package kernel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kubearmor.io/e2e/lab/cache"
	"kubearmor.io/e2e/lab/cpio"
)

// Initramfs is the archive a guest starts from: the init program and the
// modules it loads first. It is not compressed: reading it is free, unpacking
// it in an emulated guest isn't.
func (k Kernel) Initramfs(ctx context.Context, c *cache.Cache, initProgram string) (string, error) {
	program, err := os.ReadFile(initProgram)
	if err != nil {
		return "", fmt.Errorf("make initramfs: %w", err)
	}
	key := cache.Key("initramfs-2", filepath.Base(k.Dir), string(program))
	dir, err := c.Entry(ctx, "initramfs", key, func(dir string) error {
		return k.writeInitramfs(filepath.Join(dir, "initramfs.cpio"), program)
	})
	if err != nil {
		return "", fmt.Errorf("make initramfs: %w", err)
	}
	return filepath.Join(dir, "initramfs.cpio"), nil
}

func (k Kernel) writeInitramfs(path string, program []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(f, 1<<20)
	archive := cpio.NewWriter(buffer)
	err = errors.Join(k.addModules(archive), archive.File("init", 0o755, program), archive.Close(), buffer.Flush())
	return errors.Join(err, f.Close())
}

// addModules adds what init loads: always, and where disks are memory.
func (k Kernel) addModules(archive *cpio.Writer) error {
	for _, folder := range []string{"dev", "proc", "sys", "root", "modules", "modules/boot", "modules/memory"} {
		if err := archive.Folder(folder, 0o755); err != nil {
			return err
		}
	}
	for _, folder := range []string{"boot", "memory"} {
		modules, err := os.ReadDir(filepath.Join(k.Dir, folder))
		if err != nil {
			return err
		}
		for _, m := range modules {
			content, err := os.ReadFile(filepath.Join(k.Dir, folder, m.Name()))
			if err != nil {
				return err
			}
			if err := archive.File("modules/"+folder+"/"+m.Name(), 0o644, content); err != nil {
				return err
			}
		}
	}
	return nil
}
