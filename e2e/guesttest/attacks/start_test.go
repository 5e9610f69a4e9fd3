//go:build guest

package attacks

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/enforcer/bpflsm"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
	"kubearmor.io/policy"
)

const noBusybox = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: no-busybox, namespace: default}
spec:
  selector: {}
  process: {matchPaths: [{path: /bin/busybox}]}
`

// TestNoBlockedProgramStarts starts containers whose program is blocked, as an engine does: the
// runtime creates it, the agent's hook is called, the program starts. Some profiles take half a
// second more to build.
func TestNoBlockedProgramStarts(t *testing.T) {
	e, err := bpflsm.Load(t.Context(), bpflsm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	starts, err := strconv.Atoi(cmp.Or(os.Getenv("KUBEARMOR_STARTS"), "100"))
	if err != nil {
		t.Fatal(err)
	}
	before := denials(t, e)
	for i := range starts {
		slow := time.Duration(0)
		if i%5 == 0 {
			slow = 500 * time.Millisecond
		}
		ran, err := startsBlocked(t, fmt.Sprint("held-", i), func(c *container.Container, name string) error { return protect(e, c, name, noBusybox, slow) }, true)
		if err != nil || ran {
			t.Fatalf("start %d: it ran: %t, %v", i, ran, err)
		}
		if err := e.Remove(fmt.Sprint("held-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := denials(t, e) - before; n < uint64(starts) {
		t.Errorf("%d starts were denied of %d: something else has kept the others", n, starts)
	}
	ran := 0
	for i := range max(2, starts/10) {
		got, err := startsBlocked(t, fmt.Sprint("free-", i), func(c *container.Container, name string) error {
			return protect(e, c, name, noBusybox, 500*time.Millisecond)
		}, false)
		if err != nil {
			t.Fatal(err)
		}
		if got {
			ran++
		}
		_ = e.Remove(fmt.Sprint("free-", i))
	}
	if ran == 0 {
		t.Error("without the hook nothing ran either: nothing is shown")
	}
	t.Logf("%d starts held; %d ran without the hook", starts, ran)
}

// denials counts what was to be reported; each start of a blocked program is.
func denials(t *testing.T, e *bpflsm.Enforcer) uint64 {
	t.Helper()
	n, err := e.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return n.Events + n.EventsFolded + n.EventsDropped
}

// startsBlocked says whether the program of a new container ran. Where the hook is off, the
// container starts without waiting for it.
func startsBlocked(t *testing.T, name string, hook func(*container.Container, string) error, on bool) (ran bool, err error) {
	config := oci.Config{ID: name, Image: "/images/busybox", Process: image.Process{Args: []string{"/bin/sh", "-c", "echo it ran"}}}
	c, err := container.Create(t.Context(), config, nil)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	hooked := make(chan error, 1)
	if on {
		hooked <- hook(c, name)
	} else {
		go func() { hooked <- hook(c, name) }()
	}
	started := c.Start(t.Context()) // fails where the program is denied
	out, ended := c.Ended(t.Context(), limit)
	failed := <-hooked
	if !on {
		failed = nil // it may have come too late to find the process
	}
	if started != nil && strings.Contains(started.Error(), "ermission denied") {
		started = nil
	}
	return strings.Contains(out, "it ran"), errors.Join(started, ended, failed)
}

// protect does what the agent does when it is told of a new container that the policies select.
func protect(e *bpflsm.Enforcer, c *container.Container, name, policies string, slow time.Duration) error {
	group, err := cgroup.Of(c.PID)
	if err != nil {
		return err
	}
	all, err := policy.Parse(strings.NewReader(policies), "test")
	if err != nil {
		return err
	}
	if err := errors.Join(e.Add(enforcer.Container{Name: name, Cgroup: group.Dir, Starting: true}), e.Record(name, c.PID)); err != nil {
		return err
	}
	time.Sleep(slow) // building the profile takes that long
	recorded, err := e.Mounts(name)
	if err != nil {
		return err
	}
	p, err := policyset.ProfileOf(all, c.PID, recorded)
	if err != nil {
		return err
	}
	return e.Apply(name, p)
}
