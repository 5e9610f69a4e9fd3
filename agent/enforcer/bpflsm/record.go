package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"kubearmor.io/agent/hold"
	"kubearmor.io/agent/mounts"
	"kubearmor.io/bpf"
	"kubearmor.io/policy"
)

// origin is a mount of a container and what identifies its root in the kernel. An agent that
// takes over finds it in a record: originRecord has all of its fields that matter then.
type origin struct {
	point  string
	sb     uint64
	dentry uint64
	isRoot bool   // the whole file system is mounted, not a folder or file of it
	root   string // the mount's root in its file system
	device bool   // that root is a device node
	folder bool   // or a folder
}

// Record implements enforcer.Enforcer.
func (e *Enforcer) Record(name string, pid int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.container(name)
	if err != nil {
		return err
	}
	if c.keepRecord {
		c.keepRecord = false
		return nil
	}
	all, err := mounts.Of(pid)
	if err != nil {
		return fmt.Errorf("container %s: %w", name, err)
	}
	found, pins, err := e.locateAll(pid, all)
	old := c.pins
	c.pins = pins
	if err == nil {
		err = e.holdOrigins(c, pid, found)
	}
	if err == nil {
		err = e.putOrigins(c, found)
	}
	if err == nil {
		err = e.keepOrigins(c)
	}
	if err != nil {
		return fmt.Errorf("container %s: %w", name, err)
	}
	for _, fd := range old {
		_ = unix.Close(fd)
	}
	c.recorded = true
	return nil
}

// holdOrigins has what was found outlive this agent.
func (e *Enforcer) holdOrigins(c *container, pid int, found []origin) error {
	c.found, c.held = found, nil
	if e.records == nil {
		return nil
	}
	all := make([]hold.Mount, len(found))
	for i, o := range found {
		all[i] = hold.Mount{FD: c.pins[i], Folder: o.folder}
	}
	var err error
	c.held, err = e.records.space.Take(pid, c.id, all)
	return err
}

// keepOrigins records what the kernel has been told, and lets go what held it for this agent
// alone: an open descriptor would keep the container from unmounting.
func (e *Enforcer) keepOrigins(c *container) error {
	if e.records == nil {
		return nil
	}
	if err := errors.Join(e.records.putContainer(c), e.records.space.Commit(c.id)); err != nil {
		return err
	}
	if !slices.Contains(c.held, false) {
		c.unpin()
	}
	return nil
}

// locateAll asks the kernel for the place of every mount that can be reached. The
// descriptors keep those places from being freed.
func (e *Enforcer) locateAll(pid int, all []mounts.Mount) (found []origin, pins []int, err error) {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open the root of process %d: %w", pid, err)
	}
	defer unix.Close(root)
	for _, m := range all {
		if m.Type == "nsfs" && strings.HasPrefix(m.Root, "mnt:") {
			continue // a mount namespace can't be held in another; no rule is about one
		}
		fd, mode, err := openMount(root, m)
		if errors.Is(err, errHidden) {
			continue
		}
		if err != nil {
			return nil, pins, err
		}
		pins = append(pins, fd)
		l, err := e.locate(fd)
		if err != nil {
			return nil, pins, fmt.Errorf("mount %s: %w", m.Point, err)
		}
		found = append(found, origin{
			point: m.Point, sb: l.Sb, dentry: l.Dentry, isRoot: l.IsRoot != 0,
			root: m.Root, device: mode&unix.S_IFMT == unix.S_IFCHR || mode&unix.S_IFMT == unix.S_IFBLK, folder: mode&unix.S_IFMT == unix.S_IFDIR,
		})
	}
	return found, pins, nil
}

// Mounts implements enforcer.Enforcer.
func (e *Enforcer) Mounts(name string) ([]policy.Mount, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.container(name)
	if err != nil {
		return nil, err
	}
	var all []policy.Mount
	for _, o := range unmasked(c.found) {
		all = append(all, policy.Mount{FileSystem: o.sb, Root: o.root, Point: o.point})
	}
	return all, nil
}

// errHidden: another mount lies over it, or over a folder above it.
var errHidden = errors.New("hidden by another mount")

// openMount opens a mount's root as the container would reach it, and says what it is.
func openMount(root int, m mounts.Mount) (fd int, mode uint16, err error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	name := strings.TrimPrefix(m.Point, "/")
	if name == "" {
		name = "."
	}
	fd, err = unix.Openat2(root, name, &how)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return 0, 0, errHidden
	}
	if err != nil {
		return 0, 0, fmt.Errorf("open mount %s: %w", m.Point, err)
	}
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_TYPE|unix.STATX_MNT_ID, &st); err != nil {
		unix.Close(fd)
		return 0, 0, fmt.Errorf("look at mount %s: %w", m.Point, err)
	}
	if st.Mnt_id != uint64(m.ID) {
		unix.Close(fd)
		return 0, 0, errHidden
	}
	return fd, st.Mode, nil
}

// locate has the program on statfs tell the superblock and directory entry of a descriptor.
func (e *Enforcer) locate(fd int) (bpf.EnforcerLocated, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread := uint32(unix.Gettid())
	var l bpf.EnforcerLocated
	if err := e.objects.Locating.Update(thread, l, ebpf.UpdateAny); err != nil {
		return l, fmt.Errorf("ask for its place: %w", err)
	}
	defer func() { _ = e.objects.Locating.Delete(thread) }()
	var st unix.Statfs_t
	// The program answers with EALREADY, so that no file system is asked that may not answer.
	if err := unix.Fstatfs(fd, &st); !errors.Is(err, unix.EALREADY) {
		return l, fmt.Errorf("ask for its place: the program on statfs was not called (%v)", err)
	}
	if err := e.objects.Locating.Lookup(thread, &l); err != nil {
		return l, fmt.Errorf("ask for its place: %w", err)
	}
	return l, nil
}

// longestPoint is PREFIX_MAX of bpf/headers/maps.h.
const longestPoint = 255

// putOrigins writes a container's names into the kernel.
func (e *Enforcer) putOrigins(c *container, found []origin) error {
	old := c.origins
	c.origins = nil
	written := map[bpf.EnforcerOriginKey]bool{}
	rootSB, records := originRecords(c.id, found)
	for _, r := range records {
		if len(r.path) > longestPoint {
			return fmt.Errorf("mount %s: its path has %d bytes, the limit is %d", r.path, len(r.path), longestPoint)
		}
		value := bpf.EnforcerOrigin{Len: uint32(len(r.path))}
		copy(value.Path[:], r.path)
		if err := e.objects.Origins.Update(r.key, value, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("record mount %s/: %w", r.path, err)
		}
		c.origins = append(c.origins, r.key)
		written[r.key] = true
	}
	c.entry.RootSb = rootSB
	for _, key := range old {
		if !written[key] {
			if err := e.objects.Origins.Delete(key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
				return fmt.Errorf("forget an old mount: %w", err)
			}
		}
	}
	atomic.AddUint32(&c.entry.Names, 1)
	return nil
}

// record is one entry of the map of origins.
type record struct {
	key  bpf.EnforcerOriginKey
	path string // without a trailing slash
}

// originRecords turns mounts into entries. A superblock that is mounted once, and whole, has
// an entry without a directory entry, which saves looking for one at every step of the way
// up; the container's own root, where that holds, needs none at all.
func originRecords(id uint32, found []origin) (rootSB uint64, records []record) {
	times := map[uint64]int{}
	seen := map[bpf.EnforcerOriginKey]bool{}
	found = unmasked(found)
	for _, o := range found {
		times[o.sb]++
	}
	for _, o := range found {
		path := strings.TrimSuffix(o.point, "/")
		key := bpf.EnforcerOriginKey{Container: id, Sb: o.sb, Dentry: o.dentry}
		if times[o.sb] == 1 && o.isRoot {
			key.Dentry = 0
			if path == "" {
				rootSB = o.sb
			}
		}
		// A folder that is mounted twice has the name of its first mount.
		if !seen[key] {
			seen[key] = true
			records = append(records, record{key, path})
		}
	}
	return rootSB, records
}

// unmasked leaves out what only hides something.
func unmasked(found []origin) []origin {
	return slices.DeleteFunc(slices.Clone(found), func(o origin) bool { return masks(o, found) })
}

// masks says that a mount hides a file behind a device that has its name by another mount:
// runtimes lay /dev/null over /proc/kcore and its like, and /dev/null stays /dev/null.
func masks(o origin, found []origin) bool {
	return o.device && slices.ContainsFunc(found, func(other origin) bool {
		above := strings.TrimSuffix(other.root, "/") + "/"
		return other.sb == o.sb && !other.device && strings.HasPrefix(o.root, above)
	})
}

// forgetOrigins removes a container's names from the kernel.
func (e *Enforcer) forgetOrigins(c *container) error {
	var errs []error
	for _, key := range c.origins {
		if err := e.objects.Origins.Delete(key); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, fmt.Errorf("container %s: forget a mount: %w", c.name, err))
		}
	}
	c.origins = nil
	return errors.Join(errs...)
}
