//go:build guest

package attacks

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kubearmor.io/e2e/exercise/agent"
	"kubearmor.io/e2e/exercise/container"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
)

func policyFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "withheld.yaml")
	if err := os.WriteFile(name, []byte(withheld), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRunHandsNoDescriptorOn(t *testing.T) {
	outside, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	cmd := exec.Command("kubearmor-agent", "run", "-f", policyFile(t), "--root", "/images/busybox/rootfs", "--", "ls", "-l", "/proc/self/fd/")
	cmd.ExtraFiles = []*os.File{outside, outside, outside, outside, outside}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "0 -> ") || strings.Contains(string(out), outside.Name()) {
		t.Errorf("the container has a descriptor of its caller's, or none at all:\n%s", out)
	}
}

// TestDroppedEventsAreTold makes more events than the buffer holds while the agent may not run. Each
// is a process of its own: repeats of one would be counted and not sent.
func TestDroppedEventsAreTold(t *testing.T) {
	config := oci.Config{ID: "flood", Image: "/images/busybox", Process: image.Process{Args: []string{"/bin/sleep", "1000000"}}}
	c, err := container.Run(t.Context(), config, map[string]container.File{secret: {Text: secretSays}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, err := agent.Attach(t.Context(), "kubearmor-agent", agent.Target{PID: c.PID, Name: "flood", Policies: filepath.Dir(policyFile(t)), EventBuffer: 4})
	if err != nil {
		t.Fatal(err)
	}
	err = a.Signal(syscall.SIGSTOP)
	r, failed := c.Exec(t.Context(), "sh", "-c", fmt.Sprintf("for i in $(seq 100); do (true < %s) && echo got in; done", secret))
	if err := errors.Join(err, failed, a.Signal(syscall.SIGCONT), a.Stop()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.Stdout, "got in") || !strings.Contains(r.Stderr, "ermission denied") {
		t.Errorf("a full buffer must not let anything through: %s", r)
	}
	if !strings.Contains(a.Said(), "events were dropped") {
		t.Errorf("the agent said nothing of dropped events:\n%s", a.Said())
	}
}
