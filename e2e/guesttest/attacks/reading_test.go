//go:build guest

package attacks

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// What the policy withholds.
const (
	secret     = "/secret/deep/file"
	secretSays = "must-not-be-read"
	tool       = "/opt/tool"
	toolSays   = "the tool ran"
)

// got says whether a read brought the secret.
func got(text []byte, err error) error {
	if err == nil && !bytes.Contains(text, []byte(secretSays)) {
		err = fmt.Errorf("read %q, which is not the secret", text)
	}
	return err
}

func read(name string) error { return got(os.ReadFile(name)) }

// readFD reads the secret from an open descriptor.
func readFD(fd int, err error) error {
	if err != nil {
		return err
	}
	text := make([]byte, 100)
	n, err := unix.Read(fd, text)
	return got(text[:max(n, 0)], err)
}

func reads(name string) func() error { return func() error { return read(name) } }

// path opens without access: no operation.
func path(name string) (int, error) { return unix.Open(name, unix.O_PATH, 0) }

func readingWays() []way {
	return []way{
		{name: "by its name", try: reads(secret)},
		{name: "with slashes and dots", try: reads("//secret/../secret/.//deep///file")},
		{name: "through /proc/self/root", try: reads("/proc/self/root" + secret)},
		{name: "through /proc/1/root", try: reads("/proc/1/root" + secret)},
		{name: "through a thread's root", try: reads("/proc/thread-self/root" + secret)},
		{name: "from the working folder", try: readFromWorkingFolder},
		{name: "through /proc/self/cwd", try: readThroughCwd},
		{name: "from the folder's descriptor", try: readFromFolder},
		{name: "with the folder as root of openat2", try: readWithOpenat2},
		{name: "reopened through /proc/self/fd", try: readReopened},
		{name: "by a symbolic link", try: readByLink},
		{name: "by forty symbolic links", try: readByLinks},
		{name: "by a hard link that is made now", try: readByHardLink},
		{name: "after fork and setsid", try: func() error { return again("by its name", unix.SysProcAttr{Setsid: true}) }},
		{name: "in a thread", try: readInThread},
		{name: "in namespaces of its own", try: func() error { return again("by its name", unix.SysProcAttr{Cloneflags: everyNamespace}) }},
		{name: "as root of a user namespace", try: func() error { return again("by its name", inUserNamespace(unix.CLONE_NEWNS)) }},
		{name: "in a deep folder", try: reads(deepName())},
		{name: "in a folder that is deeper than names go", try: readBeyondNames},
		{name: "by a name of odd bytes", try: reads("/secret/ \x01\n\\*?[\xff\xfe")},
		{name: "listing the folder", try: func() error { return holds("/secret/deep", "file") }},
		{name: "while the folder beside it is renamed", try: readWhileRenaming},
	}
}

func readFromWorkingFolder() error {
	return errors.Join(unix.Chdir("/secret/deep"), read("file"))
}

func readThroughCwd() error {
	return errors.Join(unix.Chdir("/secret"), read("/proc/self/cwd/deep/file"))
}

func readFromFolder() error {
	dir, err := path("/secret")
	if err != nil {
		return err
	}
	return readFD(unix.Openat(dir, "deep/file", unix.O_RDONLY, 0))
}

func readWithOpenat2() error {
	dir, err := path("/secret/deep")
	if err != nil {
		return err
	}
	return readFD(unix.Openat2(dir, "/file", &unix.OpenHow{Resolve: unix.RESOLVE_IN_ROOT}))
}

func readReopened() error {
	fd, err := path(secret)
	if err != nil {
		return err
	}
	return read(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// fresh returns a name below /work that does not exist.
func fresh() (string, error) {
	dir, err := os.MkdirTemp("/work", "way-")
	return dir + "/x", err
}

func readByLink() error {
	name, err := fresh()
	return errors.Join(err, os.Symlink(secret, name), read(name))
}

func readByLinks() error {
	name, err := fresh()
	if err != nil {
		return err
	}
	target := secret
	for i := range 39 {
		link := fmt.Sprint(name, i)
		if err := os.Symlink(target, link); err != nil {
			return err
		}
		target = link
	}
	return read(target)
}

func readByHardLink() error {
	name, err := fresh()
	return errors.Join(err, os.Link(secret, name), read(name))
}

func readInThread() error {
	result := make(chan error)
	go func() { result <- read(secret) }() // the first goroutine holds the first thread
	return <-result
}

// deepName is of almost the greatest length, below the secret folder; the container has it.
func deepName() string {
	return "/secret" + strings.Repeat("/"+strings.Repeat("d", 9), 400) + "/file"
}

// beyond names folders in one another in the volume's secret one: more than a name has room for.
var beyond = slices.Repeat([]string{strings.Repeat("b", 99)}, 60)

// makeBeyond makes them, and the secret in the last; no name leads there at once.
func makeBeyond(dir string) error {
	const how = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	at, err := unix.Open(dir, how, 0)
	for _, name := range beyond {
		if err != nil {
			return err
		}
		err = unix.Mkdirat(at, name, 0o755)
		next := -1
		if err == nil {
			next, err = unix.Openat(at, name, how, 0)
		}
		err = errors.Join(err, unix.Close(at))
		at = next
	}
	fd, err := unix.Openat(at, "file", unix.O_CREAT|unix.O_WRONLY, 0o644)
	if err == nil {
		_, err = unix.Write(fd, []byte(secretSays))
	}
	return errors.Join(err, unix.Close(fd), unix.Close(at))
}

// readBeyondNames goes down by the working folder: no name is given, and none is as long.
func readBeyondNames() error {
	err := unix.Chdir("/volume/secret")
	for _, dir := range beyond {
		err = errors.Join(err, unix.Chdir(dir))
	}
	return errors.Join(err, read("file"))
}

func holds(dir, name string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() == name {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("%s was not listed", name), err)
}

// readWhileRenaming makes the kernel's sequence of renames move all the time.
func readWhileRenaming() error {
	name, err := fresh()
	if err != nil {
		return err
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		return err
	}
	stop := make(chan struct{})
	var renaming sync.WaitGroup
	defer renaming.Wait()
	defer close(stop)
	renaming.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Rename(name, name+"2")
				_ = os.Rename(name+"2", name)
			}
		}
	})
	for range 300 {
		if err = read(secret); err == nil {
			return nil
		}
	}
	return err
}
