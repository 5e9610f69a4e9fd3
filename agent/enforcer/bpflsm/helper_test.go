package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// helperVariable makes the test binary a program that does one thing in a container.
const helperVariable = "BPFLSM_HELPER"

func TestMain(m *testing.M) {
	if task := os.Getenv(helperVariable); task != "" {
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
	os.Exit(m.Run())
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
	case "chroot":
		return unix.Chroot("/")
	case "tmpfile":
		_, err := unix.Open(task[1], unix.O_TMPFILE|unix.O_RDWR, 0o600)
		return err
	case "exchange":
		return unix.Renameat2(unix.AT_FDCWD, task[1], unix.AT_FDCWD, task[2], unix.RENAME_EXCHANGE)
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
	case "memfd":
		return execMemfd(task[1])
	}
	return fmt.Errorf("no such task: %s", task[0])
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
func execMemfd(program string) error {
	text, err := os.ReadFile(program)
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
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), []string{program}, nil)
}
