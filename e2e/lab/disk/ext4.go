package disk

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const mebibyte = 1 << 20

// MakeExt4 makes a file system image with the contents of a folder and spare
// bytes of room. No journal: a guest's disk is thrown away after each boot.
func MakeExt4(ctx context.Context, image, folder string, spare int64) error {
	size, err := contentSize(folder)
	if err != nil {
		return fmt.Errorf("make disk %s: %w", filepath.Base(image), err)
	}
	// The file system's own tables take about a twelfth more.
	size += size/12 + spare + 16*mebibyte
	f, err := os.Create(image)
	if err != nil {
		return fmt.Errorf("make disk: %w", err)
	}
	if err := f.Truncate((size + mebibyte - 1) / mebibyte * mebibyte); err != nil {
		f.Close()
		return fmt.Errorf("make disk: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("make disk: %w", err)
	}
	cmd := exec.CommandContext(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-O", "^has_journal", "-m", "0",
		"-E", "nodiscard,lazy_itable_init=1,root_owner=0:0", "-d", folder, image)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make disk %s: mke2fs: %w: %s", filepath.Base(image), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// contentSize is the room that a folder's files take in blocks of 4 KiB, an
// inode of 256 bytes each included.
func contentSize(folder string) (int64, error) {
	var size int64
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		size += 256
		if info.Mode().IsRegular() {
			size += (info.Size() + 4095) &^ 4095
		} else {
			size += 4096
		}
		return nil
	})
	return size, err
}

// Alignment is what a disk's size must be a multiple of to be used as memory.
const Alignment = 128 * mebibyte

// Align extends an image's file to a multiple of Alignment and returns its
// size. What it holds stays as large as it was.
func Align(image string) (int64, error) {
	info, err := os.Stat(image)
	if err != nil {
		return 0, fmt.Errorf("align disk: %w", err)
	}
	size := (info.Size() + Alignment - 1) / Alignment * Alignment
	if size == info.Size() {
		return size, nil
	}
	if err := os.Truncate(image, size); err != nil {
		return 0, fmt.Errorf("align disk: %w", err)
	}
	return size, nil
}
