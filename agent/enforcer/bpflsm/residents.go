package bpflsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"kubearmor.io/bpf"
)

// labelResidents labels the processes that are in a container's cgroup already, which ends its admission. Programs label
// tasks when they act and when they come in; one that has been idle since before could be
// moved to another cgroup, and would then be nobody's.
//
// Children that a process forks meanwhile inherit its container, or are labelled when they are there: the
// cgroup is registered. It is looked until nobody is found, but not for as long as somebody likes.
func (e *Enforcer) labelResidents(c *container) error {
	for range 16 {
		before := c.residents
		if err := e.labelBelow(c, c.dir); err != nil {
			return err
		}
		if c.residents == before {
			break
		}
	}
	atomic.AndUint32(&c.entry.State, ^admitting)
	return nil
}

// labelBelow labels the processes of a cgroup and of those below it.
func (e *Enforcer) labelBelow(c *container, dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a cgroup below that was removed meanwhile
		}
		if err != nil {
			return fmt.Errorf("find the processes of its cgroup: %w", err)
		}
		if !entry.IsDir() {
			return nil
		}
		return e.labelProcesses(c, name)
	})
}

// labelProcesses labels the processes of one cgroup.
func (e *Enforcer) labelProcesses(c *container, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV):
		return nil
	case errors.Is(err, unix.EOPNOTSUPP):
		return nil // a threaded cgroup: its processes are listed above it
	case err != nil:
		return fmt.Errorf("find the processes of its cgroup: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("find the processes of its cgroup: %w", err)
		}
		if err := e.labelProcess(c, pid); err != nil {
			return fmt.Errorf("label process %d: %w", pid, err)
		}
	}
	return nil
}

// labelProcess labels a process's first thread, where the others find it.
func (e *Enforcer) labelProcess(c *container, pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil // ended
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	label := bpf.EnforcerLabel{Container: c.id}
	if atomic.LoadUint32(&c.entry.State)&starting != 0 {
		label.Flags = setUp
	}
	how := ebpf.UpdateNoExist
	var found bpf.EnforcerLabel
	if err := e.objects.Labels.Lookup(uint32(fd), &found); err == nil {
		if found.Container != 0 && e.alive(found.Container) {
			return nil
		}
		how = ebpf.UpdateExist
	}
	err = e.objects.Labels.Update(uint32(fd), label, how)
	if err == nil && label.Flags != 0 && atomic.LoadUint32(&c.entry.State)&starting == 0 {
		// It has executed its program meanwhile, and that has ended set-up: it must not begin again.
		label.Flags = 0
		err = e.objects.Labels.Update(uint32(fd), label, ebpf.UpdateExist)
	}
	if errors.Is(err, ebpf.ErrKeyExist) || errors.Is(err, unix.ESRCH) || errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil // it has acted meanwhile, or ended
	}
	if err == nil {
		c.residents++
	}
	return err
}

// setUp is LABEL_SETUP of bpf/headers/maps.h.
const setUp = 1

// alive says that a label's container is protected.
func (e *Enforcer) alive(id uint32) bool {
	for _, c := range e.containers {
		if c.id == id {
			return true
		}
	}
	return false
}
