//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nameWays give what is blocked another name, and use it by that. What gets through is undone.
func nameWays() []way {
	link := func(from, to string) error { return os.Link(from, to) }
	return []way{
		{name: "the program linked", try: linked(tool, link)},
		{name: "the program linked by descriptor", try: linked(tool, linkDescriptor)},
		{name: "the program linked through /proc/self/fd", try: linked(tool, linkThroughProc)},
		{name: "the program linked through /proc/1/root", try: linked(tool, func(from, to string) error { return os.Link("/proc/1/root"+from, to) })},
		{name: "the program linked by io_uring", try: linked(tool, func(from, to string) error { return ringNames(ringLinkat, from, to) })},
		{name: "the program linked by a thread", try: linked(tool, inThread(link))},
		{name: "the program renamed and no file replaced", try: renamed(renameFlags(unix.RENAME_NOREPLACE))},
		{name: "the program renamed by io_uring", try: renamed(func(from, to string) error { return ringNames(ringRenameat, from, to) })},
		{name: "the program renamed by a thread", try: renamed(inThread(os.Rename))},
		{name: "the program renamed from its folder", try: renamed(renameFromFolder)},
		{name: "the program renamed from a chroot", try: renamed(renameInChroot)},
		{name: "the program renamed through another mount", try: inOwnMounts(renamedThroughMount)},
		{name: "the program renamed through a detached tree", try: renamed(renameThroughTree)},
		{name: "the program renamed as root of a user namespace", try: func() error {
			return again("the program renamed through another mount", inUserNamespace(unix.CLONE_NEWNS))
		}},
		{name: "the program exchanged", try: exchanged(tool, "/work/exchanged", false)},
		{name: "another file exchanged with the program", try: exchanged("/work/exchanged", tool, false)},

		{name: "the secret linked by descriptor", try: readLinked(linkDescriptor)},
		{name: "the secret linked through /proc/self/root", try: readLinked(func(from, to string) error { return os.Link("/proc/self/root"+from, to) })},
		{name: "the secret linked by io_uring", try: readLinked(func(from, to string) error { return ringNames(ringLinkat, from, to) })},
		{name: "a folder of the secret's renamed", try: func() error { return thereAndBack("/secret/deep", "/work/deep") }},
		{name: "the volume's folder renamed", try: func() error { return thereAndBack("/volume/secret", "/volume/free") }},
		{name: "the volume's folder renamed from the volume", try: renameInVolume},
		{name: "the secret exchanged", try: exchanges2(secret, "/work/exchanged")},
		{name: "a very deep file linked", try: func() error { return linkAndRead(deepName(), link) }},
		{name: "a file of odd bytes linked", try: func() error { return linkAndRead("/secret/ \x01\n\\*?[\xff\xfe", link) }},

		{name: "mounted over the secret's folder", try: inOwnMounts(func(string) error { return unix.Mount("tmpfs", "/secret", "tmpfs", 0, "") })},
		{name: "mounted over the secret", try: inOwnMounts(func(at string) error {
			return errors.Join(os.WriteFile(at+"/x", nil, 0o644), bind(at+"/x", secret))
		})},
		{name: "moved over the secret's folder", try: inOwnMounts(moveOverSecret)},
		{name: "mounted over the secret's folder by the new calls", try: inOwnMounts(fsmountOverSecret)},
		{name: "from an overlay by the new calls", try: inOwnMounts(func(at string) error { return readFromNewOverlay(at) })},
		{name: "from an overlay in a user namespace", try: func() error {
			return again("from an overlay of the container's own", inUserNamespace(unix.CLONE_NEWNS))
		}},
		{name: "the program from an overlay", try: inOwnMounts(runFromOverlay)},

		{name: "by its handle, reopened through /proc/self/fd", try: readHandleReopened},
		{name: "by its handle, linked", try: readHandleLinked},
	}
}

// ringNames has a ring rename or link.
func ringNames(opcode uint8, from, to string) error {
	f, t := append([]byte(from), 0), append([]byte(to), 0)
	at := unix.AT_FDCWD
	_, err := byRing(0, ringEntry{opcode: opcode, fd: int32(at), len: uint32(int32(at)),
		addr: uint64(uintptr(unsafe.Pointer(&f[0]))), off: uint64(uintptr(unsafe.Pointer(&t[0])))})
	return err
}

func linkDescriptor(from, to string) error {
	fd, err := path(from)
	if err != nil {
		return err
	}
	return unix.Linkat(fd, "", unix.AT_FDCWD, to, unix.AT_EMPTY_PATH)
}

func linkThroughProc(from, to string) error {
	fd, err := path(from)
	if err != nil {
		return err
	}
	return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, to, unix.AT_SYMLINK_FOLLOW)
}

func inThread(do func(from, to string) error) func(from, to string) error {
	return func(from, to string) error {
		result := make(chan error)
		go func() { result <- do(from, to) }()
		return <-result
	}
}

// linked runs the program by a link that is made in some manner.
func linked(program string, link func(from, to string) error) func() error {
	return func() error {
		name, err := fresh()
		if err != nil {
			return err
		}
		return errors.Join(link(program, name), runs(name, toolCommand))
	}
}

// renamed renames the program, runs it, and renames it back.
func renamed(rename func(from, to string) error) func() error {
	return func() error {
		name, err := fresh()
		if err != nil {
			return err
		}
		if err := rename(tool, name); err != nil {
			return err
		}
		return errors.Join(runs(name, toolCommand), rename(name, tool))
	}
}

func renameFlags(flags uint) func(from, to string) error {
	return func(from, to string) error { return unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, flags) }
}

func renameFromFolder(from, to string) error {
	dir, err := path("/")
	if err != nil {
		return err
	}
	return unix.Renameat(dir, from[1:], dir, to[1:])
}

// renameInChroot renames by a descriptor that leads out of the root, in a process of its own
// that the caller is not.
func renameInChroot(from, to string) error {
	dir, err := path("/")
	if err != nil {
		return err
	}
	result := make(chan error)
	go func() {
		// A thread with a root of its own; it is never used for anything else.
		runtime.LockOSThread()
		if err := errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chroot("/work")); err != nil {
			result <- err
			return
		}
		result <- unix.Renameat(dir, from[1:], dir, to[1:])
		select {}
	}()
	return <-result
}

func renamedThroughMount(at string) error {
	if err := bind("/", at); err != nil {
		return err
	}
	to := at + "/work/renamed"
	if err := os.Rename(at+tool, to); err != nil {
		return err
	}
	return errors.Join(runs("/work/renamed", toolCommand), os.Rename(to, at+tool))
}

func renameThroughTree(from, to string) error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLONE)
	if err != nil {
		return err
	}
	return unix.Renameat(tree, from[1:], tree, to[1:])
}

// exchanged exchanges two names, one of them the program's or its folder's, and runs it by the other.
func exchanged(first, second string, folder bool) func() error {
	return func() error {
		other, name := second, second
		if first != tool && first != "/opt" {
			other, name = first, first
		}
		var err error
		if folder {
			name += "/tool"
			err = os.MkdirAll(other, 0o755)
		} else {
			err = os.WriteFile(other, nil, 0o755)
		}
		if err != nil {
			return err
		}
		swap := renameFlags(unix.RENAME_EXCHANGE)
		if err := swap(first, second); err != nil {
			return err
		}
		return errors.Join(runs(name, toolCommand), swap(first, second))
	}
}

func exchanges2(first, second string) func() error {
	return func() error {
		if err := os.WriteFile(second, nil, 0o644); err != nil {
			return err
		}
		swap := renameFlags(unix.RENAME_EXCHANGE)
		if err := swap(first, second); err != nil {
			return err
		}
		return errors.Join(read(second), swap(first, second))
	}
}

func readLinked(link func(from, to string) error) func() error {
	return func() error { return linkAndRead(secret, link) }
}

func linkAndRead(from string, link func(from, to string) error) error {
	name, err := fresh()
	if err != nil {
		return err
	}
	return errors.Join(link(from, name), read(name))
}

func renameInVolume() error {
	if err := unix.Chdir("/volume"); err != nil {
		return err
	}
	return thereAndBack("secret", "free")
}

func moveOverSecret(at string) error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, at, unix.OPEN_TREE_CLONE)
	if err != nil {
		return err
	}
	return unix.MoveMount(tree, "", unix.AT_FDCWD, "/secret", unix.MOVE_MOUNT_F_EMPTY_PATH)
}

func fsmountOverSecret(string) error {
	fs, err := unix.Fsopen("tmpfs", 0)
	if err != nil {
		return err
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return err
	}
	mount, err := unix.Fsmount(fs, 0, 0)
	if err != nil {
		return err
	}
	return unix.MoveMount(mount, "", unix.AT_FDCWD, "/secret", unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// newOverlay mounts a folder as an overlay over an empty one, and returns where it is seen.
func newOverlay(at, lower string) (int, error) {
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, ""); err != nil {
		return 0, err
	}
	if err := os.Mkdir(at+"/empty", 0o755); err != nil {
		return 0, err
	}
	fs, err := unix.Fsopen("overlay", 0)
	if err != nil {
		return 0, err
	}
	err = errors.Join(unix.FsconfigSetString(fs, "lowerdir", lower+":"+at+"/empty"), unix.FsconfigCreate(fs))
	if err != nil {
		return 0, err
	}
	return unix.Fsmount(fs, 0, 0)
}

func readFromNewOverlay(at string) error {
	mount, err := newOverlay(at, "/volume/secret")
	if err != nil {
		return err
	}
	return readFD(unix.Openat(mount, "file", unix.O_RDONLY, 0))
}

func runFromOverlay(at string) error {
	// Another folder of the same file system as the program's may not lie on an overlay.
	if err := copyTo("/volume/tool", "/proc/self/exe"); err != nil {
		return err
	}
	mount, err := newOverlay(at, "/volume")
	if err != nil {
		return err
	}
	return ran(exec.Command(fmt.Sprintf("/proc/self/fd/%d/tool", mount), toolCommand))
}

func copyTo(name, from string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	return errors.Join(copyOf(from, f), f.Close())
}

// forgottenHandle opens the volume's secret by handle, without access.
func forgottenHandle() (int, error) {
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, volumeSecret, 0)
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0); err != nil {
		return 0, err
	}
	mount, err := unix.Open("/volume", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return 0, err
	}
	return unix.OpenByHandleAt(mount, h, unix.O_PATH)
}

func readHandleReopened() error {
	fd, err := forgottenHandle()
	if err != nil {
		return err
	}
	return read(fmt.Sprintf("/proc/self/fd/%d", fd))
}

func readHandleLinked() error {
	fd, err := forgottenHandle()
	if err != nil {
		return err
	}
	const name = "/volume/linked-by-handle"
	if err := unix.Linkat(fd, "", unix.AT_FDCWD, name, unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	return errors.Join(read(name), os.Remove(name))
}
