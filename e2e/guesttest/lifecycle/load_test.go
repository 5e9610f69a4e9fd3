//go:build guest

package lifecycle

import (
	"context"
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

	"golang.org/x/sys/unix"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/e2e/exercise/await"
)

// loadCommand makes the test binary a program of the container.
const loadCommand = "upgrade-load"

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != loadCommand {
		os.Exit(m.Run())
	}
	arg := os.Args[2:]
	if err := work(job{name: arg[0], blocked: arg[1], join: arg[2], setUp: arg[3] == "true"}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// job is what a load does.
type job struct {
	name    string
	blocked string // folder in which it may make nothing
	join    string // folder of a cgroup that it moves to first
	setUp   bool   // it sets the container up: until it execs it may do what it wants
}

// work makes files of names that are used once, in itself and in children, until it is told to
// stop. An error is a wrong decision.
func work(j job) error {
	if err := j.begin(); err != nil {
		return err
	}
	rounds, err := os.Create(filepath.Join(dir, "rounds", j.name))
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if _, err := os.Stat(dir + "/stop"); err == nil {
			return j.end(n)
		}
		if err := j.round(n); err != nil {
			return fmt.Errorf("round %d: %w", n, err)
		}
		if _, err := rounds.WriteAt(fmt.Appendf(nil, "%10d", n+1), 0); err != nil {
			return err
		}
		time.Sleep(25 * time.Millisecond) // a load that others can work beside
	}
}

func (j job) begin() error {
	err := await.True(context.Background(), limit, "the word to go", func() error { _, err := os.Stat(dir + "/go"); return err })
	if err == nil && j.join != "" {
		err = os.WriteFile(filepath.Join(j.join, "cgroup.procs"), []byte("0"), 0)
	}
	return err
}

func (j job) round(n int) error {
	err := create(fmt.Sprintf("%s/%s/%s-%d", dir, j.blocked, j.name, n))
	if j.setUp {
		return err
	}
	if !errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("making what is blocked: %w", errOr(err, "it was made"))
	}
	if err := create(fmt.Sprintf("%s/audited/%s-%d", dir, j.name, n)); err != nil {
		return fmt.Errorf("making what is audited: %w", err)
	}
	if n%50 == 0 {
		if err := exec.Command("sh", "-c", fmt.Sprintf(": > %s/blocked/%s-%d-child", dir, j.name, n)).Run(); err == nil {
			return errors.New("a child made what is blocked")
		}
	}
	return nil
}

func errOr(err error, text string) error {
	if err == nil {
		return errors.New(text)
	}
	return err
}

// end says how many rounds there were. What sets up ends that by an exec, and is judged then.
func (j job) end(rounds int) error {
	if !j.setUp {
		fmt.Println("rounds", rounds)
		return nil
	}
	script := fmt.Sprintf("(: > %s/blocked/%s-after) 2>/dev/null && echo it was made after set-up || echo rounds %d", dir, j.name, rounds)
	return syscall.Exec("/bin/sh", []string{"sh", "-c", script}, nil)
}

func create(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// load is a process of the container.
type load struct {
	job
	*exec.Cmd
	out strings.Builder
}

// start begins a load by a program, in the container's cgroup or in none.
func start(t *testing.T, group *cgroup.Group, program string, j job) *load {
	t.Helper()
	l := &load{job: j, Cmd: exec.Command(program, loadCommand, j.name, j.blocked, j.join, strconv.FormatBool(j.setUp))}
	l.Stdout, l.Stderr = &l.out, &l.out
	if group != nil {
		folder, err := group.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		l.SysProcAttr = &unix.SysProcAttr{UseCgroupFD: true, CgroupFD: int(folder.Fd())}
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Process.Kill() })
	return l
}

// rounds says how many are over.
func (l *load) rounds(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "rounds", l.name))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// ended waits for it: a wrong decision would have ended it with an error.
func (l *load) ended(t *testing.T) {
	t.Helper()
	err := l.Wait()
	said := strings.TrimSpace(l.out.String())
	if err != nil || !strings.HasPrefix(said, "rounds ") {
		t.Errorf("%s: %v: %s", l.name, err, said)
	}
	t.Logf("%s: %s", l.name, said)
}
