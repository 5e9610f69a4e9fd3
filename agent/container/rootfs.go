package container

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// apiMount is a file system that a container with a root of its own gets.
type apiMount struct {
	point, kind, data string
	flags             uintptr
}

const hidden = unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV

var apiMounts = []apiMount{
	{"proc", "proc", "", hidden},
	{"dev", "tmpfs", "mode=755,size=64k", unix.MS_NOSUID | unix.MS_NOEXEC},
	{"dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620", unix.MS_NOSUID | unix.MS_NOEXEC},
	{"dev/shm", "tmpfs", "mode=1777,size=64m", hidden},
	{"sys/fs/cgroup", "cgroup2", "", hidden | unix.MS_RDONLY},
}

// devices are those that every program may use (null(4), full(4), random(4), tty(4)).
var devices = []struct {
	name         string
	major, minor uint32
}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}}

var deviceLinks = map[string]string{
	"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
}

// prepareMounts makes the mount namespace private and, with a root, enters it.
func prepareMounts(spec Spec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the container's mounts private: %w", err)
	}
	if spec.Root != "" {
		if err := enterRoot(spec.Root); err != nil {
			return err
		}
	}
	if spec.Dir != "" {
		return os.Chdir(spec.Dir)
	}
	return nil
}

// enterRoot makes dir the root of the mount namespace.
func enterRoot(dir string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("the container's root: %w", err)
	}
	if err := unix.Mount(dir, dir, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount the container's root %s: %w", dir, err)
	}
	for _, m := range apiMounts {
		if err := m.mount(dir); err != nil {
			return err
		}
	}
	if err := makeDevices(filepath.Join(dir, "dev")); err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	// pivot_root(2): with "." twice the old root lies over the new one and is detached.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("make %s the root: %w", dir, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the host's root: %w", err)
	}
	return os.Chdir("/")
}

func (m apiMount) mount(root string) error {
	point := filepath.Join(root, m.point)
	if err := os.MkdirAll(point, 0o755); err != nil {
		return fmt.Errorf("prepare /%s in the container: %w", m.point, err)
	}
	if err := unix.Mount(m.kind, point, m.kind, m.flags, m.data); err != nil {
		return fmt.Errorf("mount %s on /%s in the container: %w", m.kind, m.point, err)
	}
	return nil
}

func makeDevices(dev string) error {
	old := unix.Umask(0)
	defer unix.Umask(old)
	for _, d := range devices {
		name := filepath.Join(dev, d.name)
		if err := unix.Mknod(name, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor))); err != nil {
			return fmt.Errorf("make %s in the container: %w", d.name, err)
		}
	}
	for name, target := range deviceLinks {
		if err := os.Symlink(target, filepath.Join(dev, name)); err != nil {
			return fmt.Errorf("make the link /dev/%s in the container: %w", name, err)
		}
	}
	return nil
}
