package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/mounts"
)

// Group is a cgroup, by its folder.
type Group struct{ Dir string }

// Mounted returns the folder where the unified hierarchy is mounted.
func Mounted() (string, error) {
	all, err := mounts.Of(os.Getpid())
	if err != nil {
		return "", err
	}
	for _, m := range all {
		if m.Type == "cgroup2" && m.Root == "/" {
			return m.Point, nil
		}
	}
	return "", errors.New("cgroup v2 is not mounted: boot with systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none /sys/fs/cgroup")
}

// Of returns the cgroup that a process is in.
func Of(pid int) (Group, error) {
	root, err := Mounted()
	if err != nil {
		return Group{}, err
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return Group{}, fmt.Errorf("find the cgroup of process %d: %w", pid, err)
	}
	path, ok := unified(string(data))
	if !ok {
		return Group{}, fmt.Errorf("process %d is in no cgroup v2", pid)
	}
	return Group{filepath.Join(root, path)}, nil
}

// unified finds the path in the unified hierarchy in the text of /proc/PID/cgroup (cgroups(7)).
func unified(text string) (path string, ok bool) {
	for line := range strings.Lines(text) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return path, true
		}
	}
	return "", false
}

// Create makes a cgroup named by a path below the hierarchy's root.
func Create(name string) (Group, error) {
	root, err := Mounted()
	if err != nil {
		return Group{}, err
	}
	dir := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return Group{}, fmt.Errorf("create a cgroup: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return Group{}, fmt.Errorf("create a cgroup: %w", err)
	}
	return Group{dir}, nil
}

// ID returns the number by which the kernel knows the cgroup.
func (g Group) ID() (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(g.Dir, &st); err != nil {
		return 0, fmt.Errorf("cgroup %s: %w", g.Dir, err)
	}
	return st.Ino, nil
}

// Open returns a descriptor to clone a process into the cgroup.
func (g Group) Open() (*os.File, error) {
	f, err := os.OpenFile(g.Dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	return f, nil
}

// Populated says whether a process is in the cgroup or below.
func (g Group) Populated() (bool, error) {
	data, err := os.ReadFile(filepath.Join(g.Dir, "cgroup.events"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cgroup: %w", err)
	}
	return bytes.Contains(data, []byte("populated 1")), nil
}

// patience is how long killed processes may take to be gone.
const patience = 10 * time.Second

// Remove kills every process in the cgroup and below, and removes it.
func (g Group) Remove() error {
	if err := g.kill(); err != nil {
		return fmt.Errorf("end what runs in cgroup %s: %w", g.Dir, err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := g.removeTree()
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

func (g Group) kill() error {
	f, err := os.OpenFile(filepath.Join(g.Dir, "cgroup.kill"), os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the cgroup is gone
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("1")
	if errors.Is(err, unix.ENODEV) {
		err = nil // gone by now
	}
	return errors.Join(err, f.Close())
}

func (g Group) removeTree() error {
	entries, err := os.ReadDir(g.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove a cgroup: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := (Group{filepath.Join(g.Dir, e.Name())}).removeTree(); err != nil {
				return err
			}
		}
	}
	if err := unix.Rmdir(g.Dir); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove cgroup %s: %w", g.Dir, err)
	}
	return nil
}
