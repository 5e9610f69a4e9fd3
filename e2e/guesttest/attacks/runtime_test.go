//go:build guest

package attacks

import (
	"fmt"
	"strings"
	"testing"

	"kubearmor.io/agent/enforcer/bpflsm"
	"kubearmor.io/e2e/exercise/await"
	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
)

// onlyBusybox leaves a runtime nothing of what it does to set a container up: no mount, no file of its
// own, no capability.
const onlyBusybox = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: only-busybox, namespace: default}
spec:
  selector: {}
  process: {matchPaths: [{path: /bin/busybox, action: Allow}]}
  file: {matchPaths: [{path: /etc/passwd, readOnly: true, action: Allow}]}
  network: {matchProtocols: [{protocol: udp, action: Allow}]}
  capabilities: {matchCapabilities: [{capability: net_raw, action: Allow}]}
`

// TestRuntimesSetUpUnderAnAllowList has each runtime create, start and enter a container whose policy
// was there before it: what the runtime does is not the container's, what it starts is.
func TestRuntimesSetUpUnderAnAllowList(t *testing.T) {
	e, err := bpflsm.Load(t.Context(), bpflsm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, runtime := range []string{"runc", "crun"} {
		t.Run(runtime, func(t *testing.T) { setsUp(t, e, runtime) })
	}
}

func setsUp(t *testing.T, e *bpflsm.Enforcer, runtime string) {
	c, err := container.Create(t.Context(), oci.Config{
		ID: "set-up-" + runtime, Image: "/images/busybox", Runtime: runtime,
		Process: image.Process{Args: []string{"/bin/sh", "-c", "cat /etc/passwd && echo it started; cat /etc/secret && echo not held; echo done; exec sleep 1000"}},
	}, map[string]container.File{"/etc/secret": {Text: "root"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Put("/bin/copy", container.File{From: c.Path("/bin/busybox"), Mode: 0o755}); err != nil {
		t.Fatal(err)
	}
	if err := protect(e, c, c.Name, onlyBusybox, 0); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Remove(c.Name); err != nil {
			t.Error(err)
		}
	}()
	if err := c.Start(t.Context()); err != nil {
		t.Fatalf("it does not start: %v", err)
	}
	for command, want := range map[string]struct {
		let  bool
		says string
	}{
		"/bin/sh -c cat</etc/passwd": {true, "root"},
		"/bin/sh -c cat</etc/secret": {false, ""},
		"/bin/copy sh -c true":       {false, ""},
	} {
		r, err := c.Exec(t.Context(), strings.SplitN(command, " ", 3)...)
		if err != nil {
			t.Fatal(err)
		}
		if let := r.Code == 0; let != want.let || !strings.Contains(r.Stdout, want.says) {
			t.Errorf("exec %s: %s; let through: want %t", command, r, want.let)
		}
	}
	err = await.True(t.Context(), limit, "the container's program", func() error {
		if !strings.Contains(c.Output(), "done") {
			return fmt.Errorf("it said %q", c.Output())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Output(); !strings.Contains(out, "it started") || strings.Contains(out, "not held") {
		t.Errorf("the container's program said %q", out)
	}
}
