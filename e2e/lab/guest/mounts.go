package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mount is a kernel file system and where it belongs.
type mount struct {
	kind, target, options string
	optional              bool // some kernels or lsm= lists don't have it
}

// kernelMounts are needed before there is a root file system.
func kernelMounts() []mount {
	return []mount{
		{kind: "devtmpfs", target: "/dev"},
		{kind: "proc", target: "/proc"},
		{kind: "sysfs", target: "/sys"},
	}
}

// systemMounts are what a system has once it is up.
func systemMounts() []mount {
	return []mount{
		{kind: "tmpfs", target: "/run", options: "mode=755"},
		{kind: "tmpfs", target: "/tmp", options: "mode=1777"},
		{kind: "devpts", target: "/dev/pts", options: "gid=5,mode=620,ptmxmode=666"},
		{kind: "tmpfs", target: "/dev/shm", options: "mode=1777"},
		{kind: "mqueue", target: "/dev/mqueue", optional: true},
		{kind: "cgroup2", target: "/sys/fs/cgroup", options: "nsdelegate"},
		{kind: "bpf", target: "/sys/fs/bpf", options: "mode=700"},
		{kind: "securityfs", target: "/sys/kernel/security"},
		{kind: "tracefs", target: "/sys/kernel/tracing"},
		{kind: "debugfs", target: "/sys/kernel/debug", optional: true},
		{kind: "selinuxfs", target: "/sys/fs/selinux", optional: true},
	}
}

// deviceLinks are what udev makes elsewhere.
func deviceLinks() map[string]string {
	return map[string]string{
		"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0",
		"/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2",
	}
}

func mountAll(root string, mounts []mount) error {
	for _, m := range mounts {
		target := filepath.Join(root, m.target)
		err := os.MkdirAll(target, 0o755)
		if err == nil {
			err = unix.Mount(m.kind, target, m.kind, 0, m.options)
		}
		if err != nil && !m.optional && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s at %s: %w", m.kind, m.target, err)
		}
	}
	return nil
}

// switchRoot makes a mounted file system the root of this process and of all
// that it starts.
func switchRoot(root string) error {
	for _, m := range kernelMounts() {
		target := filepath.Join(root, m.target)
		if err := unix.Mount(m.target, target, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move %s to the new root: %w", m.target, err)
		}
	}
	if err := unix.Chdir(root); err != nil {
		return fmt.Errorf("enter the new root: %w", err)
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move the new root: %w", err)
	}
	if err := errors.Join(unix.Chroot("."), unix.Chdir("/")); err != nil {
		return fmt.Errorf("enter the new root: %w", err)
	}
	// Runtimes share their mounts with the host's tree unless told otherwise.
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}
