//go:build guest

package policies

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// workersOf returns the pids of a process's children, as text.
func workersOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// setNetwork sets a parameter of the container's network, from outside. Which network
// /proc/sys/net is about depends on the thread that opens it.
func (p *pod) setNetwork(name, value string) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never given back: it ends with the goroutine
		ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", p.PID))
		if err == nil {
			err = errors.Join(unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET), ns.Close())
		}
		if err == nil {
			err = os.WriteFile("/proc/sys/net/"+name, []byte(value), 0)
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("set the container's %s: %w", name, err)
	}
	return nil
}
