package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// helperVariable makes the test binary a program that does one thing in a container.
const helperVariable = "BPFLSM_HELPER"

func TestMain(m *testing.M) {
	if task := os.Getenv(helperVariable); task != "" {
		runtime.LockOSThread()
		if err := help(strings.Fields(task)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// The enforcer proves itself by this binary, which must not run tests then.
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		os.Exit(0)
	}
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// help does what a container's program might do.
func help(task []string) error {
	switch task[0] {
	case "socket":
		var family, kind, protocol int
		if _, err := fmt.Sscan(strings.Join(task[1:], " "), &family, &kind, &protocol); err != nil {
			return err
		}
		_, err := unix.Socket(family, kind, protocol)
		return err
	case "network-server":
		return networkServer()
	case "accept-when-told":
		return acceptWhenTold(task[1])
	case "chroot":
		return unix.Chroot("/")
	case "tmpfile":
		_, err := unix.Open(task[1], unix.O_TMPFILE|unix.O_RDWR, 0o600)
		return err
	case "exchange":
		return unix.Renameat2(unix.AT_FDCWD, task[1], unix.AT_FDCWD, task[2], unix.RENAME_EXCHANGE)
	case "move-mount":
		return moveMount(task[1], task[2], unix.OPEN_TREE_CLONE)
	case "move-attached":
		return moveMount(task[1], task[2], 0)
	case "fsmount":
		return fsmount(task[1], task[2], task[3])
	case "mount":
		return mountKind(task[1], task[2], task[3])
	case "move-old":
		return moveOld(task[1], task[2])
	case "handle":
		return openByHandle(task[1], true, unix.O_RDONLY)
	case "known-handle":
		return openByHandle(task[1], false, unix.O_RDONLY)
	case "handle-to-write":
		return openByHandle(task[1], true, unix.O_WRONLY)
	case "deep":
		return readDeep(task[1:])
	case "btrfs":
		return btrfs(task[1], task[2:])
	case "open":
		return open(task[1])
	case "open-often":
		return openOften(task[1], task[2])
	case "enter":
		return enterAndExec(task[1], task[2])
	case "keep-opening":
		return keepOpening(task[1], task[2])
	case "keep-renaming":
		return keepRenaming(task[1], task[2])
	case "keep-failing":
		return keepFailing(task[1], task[2], task[3])
	case "agent":
		return beAgent(task[1], task[2], task[3:])
	case "tamper":
		return tamper(strings.Join(task[2:], " "), task[1])
	case "writes":
		return all(writes(), task[1])
	case "maps":
		return all(mapCalls(), task[1])
	case "memory":
		return all(memoryCalls(), task[1])
	case "proc":
		return all(procReads(), task[1])
	case "when":
		return executeWhen(task[1], task[2])
	case "deleted":
		return execDeleted(task[1])
	case "ftruncate":
		return unix.Ftruncate(3, 0)
	case "interrupted":
		return beInterrupted(task[1])
	case "memfd":
		return execMemfd(task[1:]...)
	case "reader":
		return readOnDemand()
	}
	return helpSource(task)
}

// helpSource does what is about the program of a task.
func helpSource(task []string) error {
	switch task[0] {
	case "thread-open":
		failed := make(chan error)
		go func() { failed <- open(task[1]) }() // main holds the first thread
		return <-failed
	case "thread-exec":
		failed := make(chan error)
		go func() { failed <- unix.Exec(task[1], task[1:], nil) }()
		return <-failed
	case "arguments-anywhere":
		return argumentsAnywhere(task[1], task[2], task[3])
	case "open-when":
		return openWhen(task[1], task[2])
	case "move-when":
		return moveWhen(task[1], task[2], task[3])
	case "threads-open-when":
		return threadsOpenWhen(task[1], task[2])
	}
	return helpRandom(task)
}

// ownMounts gives the thread mounts that nobody else sees.
func ownMounts() error {
	runtime.LockOSThread()
	return errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

func moveMount(from, to string, how uint) error {
	if err := ownMounts(); err != nil {
		return err
	}
	tree, err := unix.OpenTree(unix.AT_FDCWD, from, how|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return err
	}
	return unix.MoveMount(tree, "", unix.AT_FDCWD, to, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

func moveOld(from, to string) error {
	if err := ownMounts(); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_MOVE, "")
}

func mountKind(kind, target, options string) error {
	if err := ownMounts(); err != nil {
		return err
	}
	return unix.Mount("none", target, kind, 0, options)
}

func fsmount(kind, option, value string) error {
	fs, err := unix.Fsopen(kind, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.FsconfigSetString(fs, option, value), unix.FsconfigCreate(fs)); err != nil {
		return err
	}
	_, err = unix.Fsmount(fs, 0, 0)
	return err
}

// openByHandle opens a file by handle, of which the kernel has no directory entry if it is to
// have forgotten it.
func openByHandle(name string, forgotten bool, flags int) error {
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, name, 0)
	if err != nil {
		return err
	}
	if forgotten {
		err = os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0)
	}
	if err != nil {
		return err
	}
	mount, err := unix.Open(filepath.Dir(name), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	_, err = unix.OpenByHandleAt(mount, h, flags)
	return err
}

func open(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return f.Close()
}

// openOften opens a file a number of times; it must never succeed.
func openOften(file, times string) error {
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	for range n {
		if err := open(file); err == nil {
			return errors.New("an open was let through")
		}
	}
	return nil
}

// enterAndExec comes into a cgroup from outside, opens a file as set-up does, and
// executes cat on it.
func enterAndExec(procs, file string) error {
	if err := os.WriteFile(procs, []byte("0"), 0); err != nil {
		return err
	}
	if err := open(file); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	fmt.Println("set up")
	return unix.Exec("/bin/cat", []string{"cat", file}, nil)
}

// keepOpening opens a file until another one exists; it must never succeed.
func keepOpening(file, stop string) error {
	for n := 0; ; n++ {
		if err := open(file); err == nil {
			return fmt.Errorf("open number %d was let through", n)
		}
		if _, err := os.Stat(stop); err == nil {
			fmt.Println(n)
			return nil
		}
	}
}

// keepFailing opens a file, and renames another to a third, until a file exists; none of it
// must ever succeed.
func keepFailing(file, other, stop string) error {
	for n := 0; ; n++ {
		if err := open(file); err == nil {
			return fmt.Errorf("open number %d was let through", n)
		}
		if err := os.Rename(other, other+"-renamed"); err == nil {
			return fmt.Errorf("rename number %d was let through", n)
		}
		if _, err := os.Stat(stop); err == nil {
			fmt.Println(n)
			return nil
		}
	}
}

// keepRenaming renames a file to and fro until another one exists.
func keepRenaming(file, stop string) error {
	for {
		for range 100 {
			if err := errors.Join(os.Rename(file, file+"-"), os.Rename(file+"-", file)); err != nil {
				return err
			}
		}
		if _, err := os.Stat(stop); err == nil {
			return nil
		}
	}
}

// execMemfd executes a copy of a program that no directory shows.
func execMemfd(args ...string) error {
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("copy", 0)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, text); err != nil {
		return err
	}
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), args, nil)
}

// openWhen opens a file when another one appears.
func openWhen(told, file string) error {
	if err := waitFor(told); err != nil {
		return err
	}
	return open(file)
}

// moveWhen has a thread move itself to the cgroup where it is, and open a file then, when another one has appeared.
// It does nothing else that is judged.
func moveWhen(threads, told, file string) error {
	to, err := os.OpenFile(threads, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	var at atomic.Bool
	var ready sync.WaitGroup
	result := make(chan error)
	ready.Add(1)
	go func() {
		runtime.LockOSThread()
		ready.Done()
		for !at.Load() {
		}
		if _, err := unix.Write(int(to.Fd()), []byte("0")); err != nil {
			result <- fmt.Errorf("it could not move: %w", err)
			return
		}
		fd, err := unix.Open(file, unix.O_RDONLY, 0)
		if err == nil {
			err = unix.Close(fd)
		}
		result <- err
	}()
	ready.Wait()
	if err := waitFor(told); err != nil {
		return err
	}
	at.Store(true)
	return <-result
}

// waitFor says that it is ready, beside a file, and waits until that is there.
func waitFor(told string) error {
	if err := os.WriteFile(filepath.Join(filepath.Dir(told), "ready"), nil, 0o644); err != nil {
		return err
	}
	for unix.Access(told, unix.F_OK) != nil {
		time.Sleep(time.Millisecond)
	}
	return nil
}

// threadsOpenWhen has threads open a file at the same moment, when another one has appeared. Until then
// none of them does anything that is judged. It fails if every one of them was denied.
func threadsOpenWhen(told, file string) error {
	const threads = 4
	var at atomic.Bool
	var ready sync.WaitGroup
	results := make(chan error, threads)
	ready.Add(threads)
	for range threads {
		go func() {
			runtime.LockOSThread()
			ready.Done()
			for !at.Load() {
			}
			fd, err := unix.Open(file, unix.O_RDONLY, 0)
			if err == nil {
				err = unix.Close(fd)
			}
			results <- err
		}()
	}
	ready.Wait()
	if err := waitFor(told); err != nil {
		return err
	}
	at.Store(true)
	var denied error
	for range threads {
		if denied = <-results; denied == nil {
			return nil
		}
	}
	return denied
}

// execDeleted executes a copy of a program when its name is gone.
func execDeleted(program string) error {
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	const name = "/var/tmp/rules/deleted"
	if err := os.WriteFile(name, text, 0o755); err != nil {
		return err
	}
	fd, err := unix.Open(name, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), []string{program}, nil)
}
