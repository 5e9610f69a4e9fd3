package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// runInside makes a step that runs a program of the tree, as root.
func runInside(args ...string) step { return runInsideAs(0, nil, args...) }

// runInsideAs makes a step that runs a program of the tree as a user, to do what
// a package's script would have done or to see that the program works. It sees
// nothing of the host but the kernel, and a few devices while it runs.
func runInsideAs(id uint32, env []string, args ...string) step {
	return func(ctx context.Context, root string) (err error) {
		remove, err := addDevices(root)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove()) }()
		cmd := exec.CommandContext(ctx, "/usr/bin/env", append([]string{"-"}, args...)...)
		program, err := programInside(root, args[0])
		if err != nil {
			return err
		}
		cmd.Path, cmd.Args = program, args
		cmd.Dir = "/"
		cmd.Env = append([]string{defaultPath, "HOME=/", "LC_ALL=C"}, env...)
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot: root, Credential: &syscall.Credential{Uid: id, Gid: id},
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWNET,
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("run %s in the tree: %w: %s", args[0], err, out)
		}
		return nil
	}
}

// programInside is a program's path as seen from the tree's root.
func programInside(root, name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	for _, folder := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(filepath.Join(root, path)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the tree has no program %s", name)
}

// addDevices makes the devices that most programs open, and returns how to
// remove them: a container's runtime makes its own.
func addDevices(root string) (remove func() error, err error) {
	var made []string
	remove = func() error {
		var failed []error
		for _, path := range made {
			failed = append(failed, os.Remove(path))
		}
		return errors.Join(failed...)
	}
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "random": 8, "urandom": 9} {
		path := filepath.Join(root, "dev", name)
		if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor))); err != nil {
			return nil, errors.Join(fmt.Errorf("make device %s: %w", name, err), remove())
		}
		made = append(made, path)
		if err := unix.Chmod(path, 0o666); err != nil {
			return nil, errors.Join(err, remove())
		}
	}
	return remove, nil
}
