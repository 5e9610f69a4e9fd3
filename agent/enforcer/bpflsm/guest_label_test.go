package bpflsm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
)

const blockSecret = "file: {matchPaths: [{path: /var/tmp/rules/file}]}"

func TestATaskKeepsItsContainerForLife(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	outside, err := cgroup.Mounted()
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"a child's child":            "(setsid cat /var/tmp/rules/file)",
		"moved to another cgroup":    "echo 0 > " + filepath.Join(outside, "cgroup.procs") + " && echo moved && cat /var/tmp/rules/file",
		"in namespaces of its own":   "unshare -m -p -f -i -n -u cat /var/tmp/rules/file",
		"an orphan that has waited":  "(sh -c 'cat /var/tmp/rules/file; echo $? > /var/tmp/rules/status' &) ; while [ ! -s /var/tmp/rules/status ]; do :; done; exit $(cat /var/tmp/rules/status)",
		"with other ids than before": "setpriv --reuid 65534 cat /var/tmp/rules/file",
	} {
		t.Run(name, func(t *testing.T) {
			b := g.box(t, name, blockSecret)
			got := b.run(t, "sh", "-c", script)
			if got.exit == 0 {
				t.Errorf("the file was read\n%s", got.output)
			}
			if strings.HasPrefix(name, "moved") && !strings.Contains(got.output, "moved") {
				t.Errorf("the task did not move: %s", got.output)
			}
			if events := g.of(t, name); len(events) != 1 {
				t.Errorf("%d events, want one: %+v", len(events), events)
			}
		})
	}
	if got := finished(t, exec.Command("cat", "/var/tmp/rules/file")); got.exit != 0 {
		t.Errorf("a task of no container was denied: %s", got.output)
	}
}

// TestSetUpIsExemptUntilItsFirstExec brings a program from outside into the cgroup.
func TestSetUpIsExemptUntilItsFirstExec(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	b := g.box(t, "setup", blockSecret)
	task := "enter " + filepath.Join(b.group.Dir, "cgroup.procs") + " /var/tmp/rules/file"

	runtime := outsideOf(t)
	for name, c := range map[string]struct {
		program string
		exempt  bool
	}{
		"the runtime's program, which is not in the container": {runtime, true},
		"a program that is the container's own":                {"/proc/self/exe", false},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(c.program)
			cmd.Env = []string{helperVariable + "=" + task}
			got := finished(t, cmd)
			if exempt := strings.Contains(got.output, "set up"); exempt != c.exempt {
				t.Errorf("exempt: %t, want %t\n%s", exempt, c.exempt, got.output)
			}
			if got.exit == 0 {
				t.Error("the file was read after the exec that ends set-up")
			}
		})
	}
}

// TestAMoveToWhereATaskIsIsNoSetUp has a thread that was there before the policy, and has no label of its own
// yet, move itself to its own cgroup. Its program has no name in the container, like one that sets it up.
func TestAMoveToWhereATaskIsIsNoSetUp(t *testing.T) {
	g := newGuest(t, Options{})
	self, err := os.Readlink("/proc/self/exe")
	must(t, err)
	ofItsOwn := "mount -t tmpfs own /mnt && cp " + self + " /mnt/program && exec /mnt/program"
	g.aTaskFromBefore(t, "move-when GROUP/cgroup.threads", blockSecret, "unshare", "-m", "sh", "-c", ofItsOwn)
}

// outsideOf puts this program where no container that is recorded already has it.
func outsideOf(t *testing.T) string {
	t.Helper()
	// Mounted after the container's mounts were recorded: its files are not the container's.
	const foreign = "/var/tmp/foreign"
	if err := errors.Join(os.MkdirAll(foreign, 0o755), unix.Mount("tmpfs", foreign, "tmpfs", 0, "")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(foreign, unix.MNT_DETACH) })
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(foreign+"/runtime", text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return foreign + "/runtime"
}
