package hold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Space is the namespace that the clones stand in.
type Space struct {
	pin string // file that the namespace is mounted on
	fd  int
}

// Open finds the namespace, or makes it.
func Open(dir string) (*Space, error) {
	s := &Space{pin: filepath.Join(dir, "mounts"), fd: -1}
	err := private(dir)
	if err == nil {
		if s.fd, err = openPinned(s.pin); errors.Is(err, errNone) {
			err = s.create()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("hold mounts: %w", err)
	}
	return s, nil
}

// Close gives up this process's hold on the namespace; the pin's remains.
func (s *Space) Close() error { return unix.Close(s.fd) }

// Release frees all that is held.
func Release(dir string) (found bool, err error) {
	pin := filepath.Join(dir, "mounts")
	fd, err := openPinned(pin)
	if err == nil {
		found = true
		err = errors.Join(unix.Close(fd), unix.Unmount(pin, unix.MNT_DETACH), os.Remove(pin))
	} else if errors.Is(err, errNone) {
		err = nil
	}
	// The folder was mounted on itself, see private.
	if mounted, _ := isMount(dir); mounted {
		err = errors.Join(err, unix.Unmount(dir, unix.MNT_DETACH))
	}
	if err != nil {
		return found, fmt.Errorf("free held mounts: %w", err)
	}
	return found, nil
}

// private makes the folder a mount without peers: a namespace can't be mounted where the mount
// would show up in the namespace itself.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mounted, err := isMount(dir)
	if err != nil {
		return err
	}
	if !mounted {
		if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s on itself: %w", dir, err)
		}
	}
	return unix.Mount("", dir, "", unix.MS_PRIVATE, "")
}

// isMount says whether a folder is the root of a mount.
func isMount(dir string) (bool, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, dir, 0, unix.STATX_TYPE, &st); err != nil {
		return false, fmt.Errorf("look at %s: %w", dir, err)
	}
	return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}

var errNone = errors.New("no namespace is kept there")

// nsfsMagic is NSFS_MAGIC of linux/magic.h.
const nsfsMagic = 0x6e736673

func openPinned(name string) (int, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return -1, errNone
	}
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", name, err)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil || st.Type != nsfsMagic {
		return -1, errors.Join(errNone, err, unix.Close(fd))
	}
	return fd, nil
}

// create makes an empty namespace and mounts it on the pin.
func (s *Space) create() error {
	if err := os.WriteFile(s.pin, nil, 0o600); err != nil {
		return err
	}
	made, pinned := make(chan string, 1), make(chan error, 1)
	go func() {
		if name := <-made; name != "" {
			pinned <- unix.Mount(name, s.pin, "", unix.MS_BIND, "")
		}
	}()
	err := inThread(func() error {
		defer close(made)
		if err := emptyNamespace(filepath.Dir(s.pin)); err != nil {
			return err
		}
		made <- fmt.Sprintf("/proc/self/task/%d/ns/mnt", unix.Gettid())
		return <-pinned
	})
	if err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	s.fd, err = openPinned(s.pin)
	return err
}

// emptyNamespace moves the thread into a mount namespace that has a file system in memory and
// nothing else: a copy of the host's would keep all its mounts busy.
func emptyNamespace(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("kubearmor", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0700"); err != nil {
		return err
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	return unix.Unmount(".", unix.MNT_DETACH)
}

// Mount is one to hold: a descriptor of its root, as the container reaches it.
type Mount struct {
	FD     int
	Folder bool
}

// Take holds mounts of the container that a process belongs to; Commit then frees those held for
// it before. held says which ones it could: some can't be cloned, such as unbindable ones.
func (s *Space) Take(pid int, container uint32, all []Mount) (held []bool, err error) {
	of, err := unix.Open(fmt.Sprintf("/proc/%d/ns/mnt", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("hold mounts: %w", err)
	}
	defer unix.Close(of)
	held = make([]bool, len(all))
	err = inThread(func() error {
		if err := unix.Setns(of, unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("enter the container's mounts: %w", err)
		}
		clones := cloneAll(all)
		defer closeAll(clones)
		if err := unix.Setns(s.fd, unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("enter the namespace: %w", err)
		}
		return putAll(folderOf(container)+fresh, all, clones, held)
	})
	if err != nil {
		return nil, fmt.Errorf("hold mounts: %w", err)
	}
	return held, nil
}

// Drop frees what is held for a container.
func (s *Space) Drop(container uint32) error {
	folder := folderOf(container)
	err := s.inside(func() error { return errors.Join(remove(folder+fresh), remove(folder)) })
	if err != nil {
		return fmt.Errorf("free held mounts: %w", err)
	}
	return nil
}

// Containers lists for which something is held, and whether all of it is committed.
func (s *Space) Containers() (committed map[uint32]bool, err error) {
	committed = map[uint32]bool{}
	err = s.inside(func() error {
		entries, err := os.ReadDir("/")
		for _, e := range entries { // in order: what is not committed comes behind what is
			name, pending := strings.CutSuffix(e.Name(), fresh)
			if id, err := strconv.ParseUint(name, 10, 32); err == nil {
				committed[uint32(id)] = !pending
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list held mounts: %w", err)
	}
	return committed, nil
}

func (s *Space) inside(work func() error) error {
	return inThread(func() error {
		if err := unix.Setns(s.fd, unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("enter the namespace: %w", err)
		}
		return work()
	})
}

// inThread does work in a thread whose root is its own, and which ends with it. The first thread
// would not end, and is what /proc shows for the whole process.
func inThread(work func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			done <- inThread(work) // in another: this one is taken
			runtime.UnlockOSThread()
			return
		}
		err := unix.Unshare(unix.CLONE_FS)
		if err == nil {
			err = work()
		}
		done <- err
	}()
	return <-done
}

func folderOf(container uint32) string { return "/" + strconv.FormatUint(uint64(container), 10) }

// cloneAll clones each mount, without what is mounted below; -1 stands for one that it can't.
func cloneAll(all []Mount) []int {
	clones := make([]int, len(all))
	for i, m := range all {
		fd, err := unix.OpenTree(m.FD, "", unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		if err != nil {
			fd = -1
		}
		clones[i] = fd
	}
	return clones
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// fresh ends the name of a folder that is not committed yet.
const fresh = ".new"

// putAll puts clones into a new folder.
func putAll(folder string, all []Mount, clones []int, held []bool) error {
	err := remove(folder)
	if err == nil {
		err = os.Mkdir(folder, 0o700)
	}
	for i, fd := range clones {
		if err != nil {
			return err
		}
		if fd >= 0 {
			held[i] = put(filepath.Join(folder, strconv.Itoa(i)), fd, all[i].Folder) == nil
		}
	}
	return err
}

// Commit frees what was held for a container before the last Take.
func (s *Space) Commit(container uint32) error {
	folder := folderOf(container)
	err := s.inside(func() error { return errors.Join(remove(folder), os.Rename(folder+fresh, folder)) })
	if err != nil {
		return fmt.Errorf("free held mounts: %w", err)
	}
	return nil
}

// put attaches a clone. It takes no part in what its peers see mounted later.
func put(name string, fd int, folder bool) error {
	var err error
	if folder {
		err = os.Mkdir(name, 0o700)
	} else {
		err = os.WriteFile(name, nil, 0o600)
	}
	if err == nil {
		err = unix.MoveMount(fd, "", unix.AT_FDCWD, name, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}
	if err == nil {
		err = unix.Mount("", name, "", unix.MS_PRIVATE, "")
	}
	return err
}

// remove unmounts what stands in a folder, and removes it.
func remove(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		if err := unix.Unmount(name, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
			return err
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return errors.Join(err, unix.Rmdir(folder))
}
