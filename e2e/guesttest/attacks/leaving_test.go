//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// hostGroups is the whole of the cgroups, which no engine would hand a container.
const hostGroups = "/host-cgroups"

func joins(group string, pid int) error {
	return os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
}

// leavingWays are about being taken for somebody else's task.
func leavingWays() []way {
	return []way{
		{name: "in another cgroup", try: func() error { return errors.Join(joins(hostGroups, 0), read(secret)) }},
		{name: "cloned into another cgroup", try: func() error { return againInGroup(hostGroups) }},
		{name: "cloned into a cgroup below its own", try: readFromGroupBelow},
		{name: "moved out and in again", try: func() error { return errors.Join(joins(hostGroups, 0), joins(ownGroup(), 0), read(secret)) }},
		{name: "cloned out, then cloned in", try: func() error {
			return againWith("cloned into a cgroup below its own", hostGroups)
		}},
		{name: "cloned in from outside, with a program that the container does not have", try: readAsIfSettingUp},
	}
}

func ownGroup() string { return hostGroups + "/lab/" + containerName }

func againInGroup(group string) error { return againWith("by its name", group) }

func againWith(name, group string) error {
	fd, err := path(group)
	if err != nil {
		return err
	}
	return again(name, unix.SysProcAttr{UseCgroupFD: true, CgroupFD: fd})
}

func readFromGroupBelow() error {
	below := ownGroup() + "/below"
	if err := os.MkdirAll(below, 0o755); err != nil {
		return err
	}
	return againInGroup(below)
}

// readAsIfSettingUp leaves, becomes a program that no name of the container's leads to, and
// comes back: as set-up does.
func readAsIfSettingUp() error {
	if err := joins(hostGroups, 0); err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("runtime", 0)
	if err != nil {
		return err
	}
	if err := copyOf("/proc/self/exe", os.NewFile(uintptr(fd), "runtime")); err != nil {
		return err
	}
	dir, err := path(ownGroup())
	if err != nil {
		return err
	}
	return ranTry(fmt.Sprintf("/proc/self/fd/%d", fd), "by its name", unix.SysProcAttr{UseCgroupFD: true, CgroupFD: dir})
}

// residents have been in the container since before the agent came, idle. Each does nothing
// but wait until somebody has done to it what its name says.
func residents() []way {
	return []way{
		{name: "idle all the time", try: reads(secret)},
		{name: "idle and moved out by another", try: reads(secret)},
		{name: "idle in a very deep cgroup", try: reads(secret)},
		{name: "idle with a thread, moved out by itself", try: readByIdleThread},
		{name: "idle with the way out held open", try: readAfterMovingByDescriptor},
	}
}

// readByIdleThread acts in one thread, and moves; the other one has never acted before.
// The threads are those of Go's runtime: the first is this goroutine's.
func readByIdleThread() error {
	started, ready, result := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		close(started)
		<-ready
		result <- read(secret)
	}()
	<-started
	if err := joins(hostGroups, 0); err != nil {
		return err
	}
	close(ready)
	return <-result
}

// readAfterMovingByDescriptor leaves without opening anything.
func readAfterMovingByDescriptor() error {
	if _, err := unix.Write(heldWayOut, []byte("0")); err != nil {
		return err
	}
	return read(secret)
}

const heldWayOut = 9 // its descriptor

// prepare does what a resident has to do before it waits.
func prepare(name string) error {
	switch name {
	case "idle with the way out held open":
		fd, err := unix.Open(hostGroups+"/cgroup.procs", unix.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return unix.Dup2(fd, heldWayOut)
	case "idle in a very deep cgroup":
		group := ownGroup()
		for range 70 {
			group += "/d"
		}
		return errors.Join(os.MkdirAll(group, 0o755), joins(group, 0))
	}
	return nil
}

// idle waits without anything that a policy judges.
func idle(until string) {
	for unix.Access(until, unix.F_OK) != nil {
		time.Sleep(10 * time.Millisecond)
	}
}
