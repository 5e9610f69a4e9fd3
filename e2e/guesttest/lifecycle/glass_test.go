//go:build guest

package lifecycle

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/e2e/exercise/agent"
	"kubearmor.io/e2e/exercise/await"
)

// nothingRuns locks: no program may start.
const nothingRuns = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: locked, namespace: default}
spec:
  process: {matchDirectories: [{dir: /, recursive: true}]}
`

// TestALockedNodeIsToBeHad locks a cgroup, kills the agent and gets it back.
func TestALockedNodeIsToBeHad(t *testing.T) {
	const switchFile = "/etc/kubearmor/disabled"
	ways := []struct {
		name  string
		agent []string // what is run
		exit  int
		begin func() error
		end   func() error
	}{
		{"by release", []string{"release"}, 0, nil, nil},
		{
			"by a file, when the next agent starts", []string{"check"}, 1,
			func() error {
				return errors.Join(os.MkdirAll(filepath.Dir(switchFile), 0o755), os.WriteFile(switchFile, nil, 0o644))
			},
			func() error { return os.Remove(switchFile) },
		},
		{
			"by the kernel's command line, when the next agent starts", []string{"attach", "--persist", "--pid", "1", "--name", "x", "--policies", "/tmp/locked"}, 1,
			func() error {
				line := "/tmp/cmdline"
				return errors.Join(os.WriteFile(line, []byte("root=/dev/vda kubearmor=off quiet\n"), 0o644), unix.Mount(line, "/proc/cmdline", "", unix.MS_BIND, ""))
			},
			func() error { return unix.Unmount("/proc/cmdline", 0) },
		},
	}
	for i, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			group := lock(t, i)
			if way.begin != nil {
				if err := way.begin(); err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := way.end(); err != nil {
						t.Error(err)
					}
				}()
			}
			out, err := exec.Command("/agents/head", way.agent...).CombinedOutput()
			var exit *exec.ExitError
			if code := 0; errors.As(err, &exit) {
				code = exit.ExitCode()
				if code != way.exit {
					t.Errorf("exit status %d: %s", code, out)
				}
			} else if way.exit != 0 {
				t.Errorf("exit status 0: %s", out)
			}
			if !strings.Contains(string(out), "removed ") {
				t.Errorf("it does not say what it removed: %s", out)
			}
			err = await.True(t.Context(), limit, "a program to start", func() error { return startIn(group) })
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat("/sys/fs/bpf/kubearmor"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("pins: %v", err)
			}
		})
	}
	if out, err := exec.Command("/agents/head", "release").CombinedOutput(); err != nil || !strings.Contains(string(out), "nothing was in force") {
		t.Errorf("releasing once more: %v: %s", err, out)
	}
}

// lock leaves a cgroup in which nothing starts, and no agent.
func lock(t *testing.T, i int) cgroup.Group {
	t.Helper()
	group, err := cgroup.Create(fmt.Sprint("locked-", i))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Remove(); err != nil {
			t.Error(err)
		}
	})
	const policies = "/tmp/locked"
	if err := errors.Join(os.MkdirAll(policies, 0o755), os.WriteFile(policies+"/p.yaml", []byte(nothingRuns), 0o644)); err != nil {
		t.Fatal(err)
	}
	folder, err := group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	resident := exec.Command("sleep", "100000")
	resident.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(folder.Fd())}
	if err := resident.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resident.Process.Kill(); _ = resident.Wait() })
	a, err := agent.Attach(t.Context(), "/agents/head", agent.Target{PID: resident.Process.Pid, Name: "locked", Policies: policies, Persist: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Kill()
	if err := startIn(group); !errors.Is(err, unix.EACCES) {
		t.Fatalf("the node is not locked: %v", err)
	}
	return group
}

// startIn starts a program in a cgroup.
func startIn(group cgroup.Group) error {
	folder, err := group.Open()
	if err != nil {
		return err
	}
	defer folder.Close()
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(folder.Fd())}
	return cmd.Run()
}
