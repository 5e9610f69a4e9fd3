//go:build guest

package lifecycle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/e2e/exercise/await"
)

const (
	dir   = "/var/tmp/upgrade"
	limit = 15 * time.Minute
)

const rules = `apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata: {name: upgrade, namespace: default}
spec:
  selector: {}
  file:
    matchDirectories:
    - {dir: /var/tmp/upgrade/blocked/, recursive: true, action: Block}
    - {dir: /var/tmp/upgrade/audited/, recursive: true, action: Audit}
`

// loadCommand makes the test binary the container's program.
const loadCommand = "upgrade-load"

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != loadCommand {
		os.Exit(m.Run())
	}
	if err := load(os.Args[2], os.Args[3]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// load makes files of names that are used once, until it is told to stop, in itself and in
// children, from the cgroup that it has moved to: its label alone says whose it is.
func load(name, elsewhere string) error {
	if err := wait("/go"); err != nil {
		return err
	}
	if elsewhere != "" {
		if err := os.WriteFile(filepath.Join(elsewhere, "cgroup.procs"), []byte("0"), 0); err != nil {
			return err
		}
	}
	for n := 0; ; n++ {
		if _, err := os.Stat(dir + "/stop"); err == nil {
			fmt.Println("rounds", n)
			return nil
		}
		if err := create(fmt.Sprintf("%s/blocked/%s-%d", dir, name, n)); !errors.Is(err, syscall.EACCES) {
			return fmt.Errorf("round %d: making what is blocked: %v", n, err)
		}
		if err := create(fmt.Sprintf("%s/audited/%s-%d", dir, name, n)); err != nil {
			return fmt.Errorf("round %d: making what is audited: %v", n, err)
		}
		if n%20 == 0 {
			if err := exec.Command("sh", "-c", fmt.Sprintf(": > %s/blocked/%s-%d-child", dir, name, n)).Run(); err == nil {
				return fmt.Errorf("round %d: a child made what is blocked", n)
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func wait(name string) error {
	for {
		if _, err := os.Stat(dir + name); err == nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

func create(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// agents finds the builds, in the order in which they follow one another.
func agents(t *testing.T) []string {
	t.Helper()
	order := []string{"head", "next", "head"}
	if _, err := os.Stat("/agents/last"); err == nil {
		order = append(order, "last", "head")
	}
	return order
}

func TestUpAndDownUnderLoad(t *testing.T) {
	for _, d := range []string{"policies", "blocked", "audited"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/policies/p.yaml", []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	group, err := cgroup.Create("upgrade")
	if err != nil {
		t.Fatal(err)
	}
	root, err := cgroup.Mounted()
	if err != nil {
		t.Fatal(err)
	}
	stays, moves := start(t, group, "stays", ""), start(t, group, "moves", root)
	told := map[string]string{}
	for i, name := range agents(t) {
		a := attach(t, name, stays.Process.Pid, i)
		if i == 0 {
			if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		a.collect(t, told)
	}
	if err := os.WriteFile(dir+"/stop", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*loaded{stays, moves} {
		l.ended(t)
	}
	out, err := exec.Command("/agents/head", "release").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "removed") {
		t.Errorf("%v: %s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
}

// loaded is a running load.
type loaded struct {
	*exec.Cmd
	out strings.Builder
}

func start(t *testing.T, group cgroup.Group, name, elsewhere string) *loaded {
	t.Helper()
	folder, err := group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	l := &loaded{Cmd: exec.Command("/proc/self/exe", loadCommand, name, elsewhere)}
	l.Stdout, l.Stderr = &l.out, &l.out
	l.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(folder.Fd())}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Process.Kill() })
	return l
}

func (l *loaded) ended(t *testing.T) {
	t.Helper()
	err := l.Wait()
	n, ok := strings.CutPrefix(strings.TrimSpace(l.out.String()), "rounds ")
	if rounds, _ := strconv.Atoi(n); err != nil || !ok || rounds < 100 {
		t.Errorf("%v: %s", err, l.out.String())
	}
	t.Logf("%s", strings.TrimSpace(l.out.String()))
}

// running is an agent.
type running struct {
	*exec.Cmd
	name, events string
}

func attach(t *testing.T, name string, pid, turn int) *running {
	t.Helper()
	a := &running{name: fmt.Sprintf("%s in turn %d", name, turn), events: fmt.Sprintf("%s/events-%d", dir, turn)}
	ready := fmt.Sprintf("%s/ready-%d", dir, turn)
	a.Cmd = exec.Command("/agents/"+name, "attach", "--persist", "--pid", strconv.Itoa(pid), "--name", "upgrade",
		"--policies", dir+"/policies", "--events", a.events, "--ready-file", ready)
	var said strings.Builder
	a.Stderr = &said
	began := time.Now()
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Process.Kill(); _ = a.Wait() })
	if err := await.True(t.Context(), limit, a.name, func() error { _, err := os.Stat(ready); return err }); err != nil {
		t.Fatal(err, said.String())
	}
	t.Logf("%s ready after %v", a.name, time.Since(began).Round(time.Millisecond))
	return a
}

// collect waits until the agent has told some of each kind, kills it and adds what it has told.
func (a *running) collect(t *testing.T, told map[string]string) {
	t.Helper()
	err := await.True(t.Context(), limit, "events by "+a.name, func() error {
		text, _ := os.ReadFile(a.events)
		if s := string(text); strings.Count(s, "/blocked/") < 20 || strings.Count(s, "/audited/") < 20 {
			return errors.New("too few")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Process.Kill()
	_ = a.Wait()
	f, err := os.Open(a.events)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var alert struct{ Resource, Result, Action, ContainerName string }
		if json.Unmarshal(lines.Bytes(), &alert) != nil {
			continue // the last line, cut by the kill
		}
		if by, twice := told[alert.Resource]; twice {
			t.Errorf("%s was told by %s and by %s", alert.Resource, by, a.name)
		}
		told[alert.Resource] = a.name
		if denied := alert.Result == "Permission denied"; denied != strings.Contains(alert.Resource, "/blocked/") {
			t.Errorf("%s: %s, %s", alert.Resource, alert.Action, alert.Result)
		}
	}
}
