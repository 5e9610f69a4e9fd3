package bpflsm

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// reader is a process of a container that opens what it is told to, one file after the other.
type reader struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

// startReader starts one as the container's.
func (b *box) startReader(t *testing.T) *reader {
	t.Helper()
	in, out := b.talk(t, "helper: reader")
	return &reader{in, bufio.NewScanner(out)}
}

// do has the reader do one thing and says whether it was let.
func (r *reader) do(t *testing.T, format string, args ...any) bool {
	t.Helper()
	task := fmt.Sprintf(format, args...)
	if _, err := fmt.Fprintln(r.in, task); err != nil {
		t.Fatal(err)
	}
	if !r.out.Scan() {
		t.Fatalf("%s: the reader is gone: %v", task, r.out.Err())
	}
	switch answer := r.out.Text(); answer {
	case "done":
		return true
	case unix.EACCES.Error():
		return false
	default:
		t.Fatalf("%s: %s", task, answer)
		return false
	}
}

// readOnDemand is the reader.
func readOnDemand() error {
	tasks := bufio.NewScanner(os.Stdin)
	held := -1
	for tasks.Scan() {
		var err error
		switch task := strings.Fields(tasks.Text()); task[0] {
		case "read":
			err = openAs(task[1], unix.O_RDONLY)
		case "write":
			err = openAs(task[1], unix.O_WRONLY)
		case "hold":
			held, err = unix.Open(task[1], unix.O_RDONLY|unix.O_CLOEXEC, 0)
		case "read-held":
			err = openAs(fmt.Sprintf("/proc/self/fd/%d", held), unix.O_RDONLY)
		case "rename":
			err = unix.Rename(task[1], task[2])
		case "exchange":
			err = unix.Renameat2(unix.AT_FDCWD, task[1], unix.AT_FDCWD, task[2], unix.RENAME_EXCHANGE)
		case "link":
			err = unix.Link(task[1], task[2])
		case "unlink":
			err = unix.Unlink(task[1])
		default:
			err = unix.EINVAL
		}
		if err == nil {
			fmt.Println("done")
			continue
		}
		fmt.Println(err)
	}
	return tasks.Err()
}

func openAs(name string, how int) error {
	fd, err := unix.Open(name, how|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}
