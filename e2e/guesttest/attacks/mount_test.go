//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// mountWays give the file another place or root.
func mountWays() []way {
	return []way{
		{name: "from a chroot", try: func() error { return errors.Join(unix.Chroot("/secret"), read("/deep/file")) }},
		{name: "from a root made by pivot_root", try: inOwnMounts(readFromPivotedRoot)},
		{name: "from a folder mounted elsewhere", try: inOwnMounts(func(at string) error { return readMounted("/secret", at, "/deep/file") })},
		{name: "from the root mounted elsewhere", try: inOwnMounts(func(at string) error { return readMounted("/", at, secret) })},
		{name: "mounted over a file that is free", try: inOwnMounts(readOverFile)},
		{name: "from a detached tree", try: readFromDetachedTree},
		{name: "in a user namespace, mounted elsewhere", try: func() error {
			return again("from a folder mounted elsewhere", inUserNamespace(unix.CLONE_NEWNS))
		}},
		{name: "through another proc", try: inOwnMounts(readThroughOtherProc)},
		{name: "with its folder mounted over", try: inOwnMounts(readUnderMount)},
		{name: "from an overlay of the container's own", try: inOwnMounts(readFromOverlay)},
	}
}

// inOwnMounts gives a way a mount namespace that nobody else sees, and a folder.
func inOwnMounts(way func(at string) error) func() error {
	return func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		at, err := os.MkdirTemp("/work", "mount-")
		if err != nil {
			return err
		}
		return way(at)
	}
}

func bind(from, to string) error { return unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "") }

func readMounted(from, at, name string) error { return errors.Join(bind(from, at), read(at+name)) }

func readFromPivotedRoot(at string) error {
	err := errors.Join(bind("/secret", at), unix.Chdir(at))
	if err == nil {
		err = unix.PivotRoot(".", ".")
	}
	return errors.Join(err, read("/deep/file"))
}

func readOverFile(at string) error {
	return errors.Join(os.WriteFile(at+"/free", nil, 0o644), bind(secret, at+"/free"), read(at+"/free"))
}

func readFromDetachedTree() error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, "/secret/deep", unix.OPEN_TREE_CLONE)
	if err != nil {
		return err
	}
	return readFD(unix.Openat(tree, "file", unix.O_RDONLY, 0))
}

func readThroughOtherProc(at string) error {
	return errors.Join(unix.Mount("proc", at, "proc", 0, ""), read(at+"/self/root"+secret))
}

// readUnderMount keeps the folder, hides it, and reads from what it kept.
func readUnderMount(string) error {
	dir, err := path("/secret")
	err = errors.Join(err, unix.Mount("tmpfs", "/secret", "tmpfs", 0, ""))
	if err != nil {
		return err
	}
	return readFD(unix.Openat(dir, "deep/file", unix.O_RDONLY, 0))
}

func readFromOverlay(at string) error {
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, ""); err != nil {
		return err
	}
	for _, dir := range []string{"/up", "/work", "/all"} {
		if err := os.Mkdir(at+dir, 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=/volume/secret,upperdir=%s/up,workdir=%s/work", at, at)
	return errors.Join(unix.Mount("overlay", at+"/all", "overlay", 0, options), read(at+"/all/file"))
}

// runMounted runs the program from where it is mounted over another.
func runMounted() error {
	return inOwnMounts(func(at string) error {
		if err := errors.Join(os.WriteFile(at+"/free", nil, 0o755), bind(tool, at+"/free")); err != nil {
			return err
		}
		return ran(exec.Command(at+"/free", toolCommand))
	})()
}
