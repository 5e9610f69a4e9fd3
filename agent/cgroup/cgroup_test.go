package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestUnified(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		ok         bool
	}{
		"the unified hierarchy alone":        {"0::/system.slice/x.service\n", "/system.slice/x.service", true},
		"beside those of version 1":          {"12:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n", "/c", true},
		"a name with a colon":                {"0::/a:b\n", "/a:b", true},
		"version 1 alone":                    {"12:cpu:/a\n", "", false},
		"a hierarchy whose number ends in 0": {"10::/a\n", "", false},
	} {
		if got, ok := unified(c.text); got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func TestPopulated(t *testing.T) {
	for text, want := range map[string]bool{"populated 1\nfrozen 0\n": true, "populated 0\nfrozen 1\n": false} {
		g := Group{t.TempDir()}
		if err := os.WriteFile(filepath.Join(g.Dir, "cgroup.events"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := g.Populated(); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if got, err := (Group{filepath.Join(t.TempDir(), "gone")}).Populated(); err != nil || got {
		t.Errorf("a cgroup that is gone: %v, %v", got, err)
	}
}

func TestRemoveOfWhatIsGoneIsNoError(t *testing.T) {
	if err := (Group{filepath.Join(t.TempDir(), "gone")}).Remove(); err != nil {
		t.Error(err)
	}
}

// created returns a cgroup of this machine's, or skips.
func created(t *testing.T) Group {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making cgroups needs root")
	}
	if _, err := Mounted(); err != nil {
		t.Skip(err)
	}
	g, err := Create(fmt.Sprintf("kubearmor-test-%d-%s", os.Getpid(), t.Name()))
	if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestACgroupEndsWithAllThatRunsInItAndBelow(t *testing.T) {
	g := created(t)
	below := filepath.Join(g.Dir, "below")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := (Group{below}).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.Command("/bin/sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got, err := Of(cmd.Process.Pid); err != nil || got.Dir != below {
		t.Errorf("the process is in %q (%v), want %s", got.Dir, err, below)
	}
	if full, err := g.Populated(); err != nil || !full {
		t.Errorf("populated: %v, %v", full, err)
	}
	if id, err := g.ID(); err != nil || id == 0 {
		t.Errorf("ID %d, %v", id, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by %v, want a kill", err)
	}
	if _, err := os.Stat(g.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cgroup is still there: %v", err)
	}
}
