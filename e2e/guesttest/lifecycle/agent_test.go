//go:build guest

package lifecycle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubearmor.io/e2e/exercise/await"
)

// agent is one that runs.
type agent struct {
	turn
	*exec.Cmd
	name, events, log string
	ended             chan struct{}
}

// attach starts an agent and waits until it is ready, or until it is to die.
func attach(t *testing.T, turn turn, pid, i int) *agent {
	t.Helper()
	a := &agent{
		turn: turn, name: fmt.Sprintf("%s in turn %d", turn.build, i),
		events: fmt.Sprintf("%s/events-%d", dir, i), log: fmt.Sprintf("%s/log-%d", dir, i), ended: make(chan struct{}),
	}
	ready := fmt.Sprintf("%s/ready-%d", dir, i)
	a.Cmd = exec.Command("/agents/"+turn.build, "attach", "--persist", "--pid", strconv.Itoa(pid), "--name", "upgrade",
		"--policies", dir+"/policies", "--events", a.events, "--event-buffer", "4096", "--ready-file", ready)
	log, err := os.Create(a.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	a.Stderr = log
	began := time.Now()
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(a.ended); _ = a.Wait() }()
	t.Cleanup(a.kill)
	a.await(t, "to be ready", func() error {
		if turn.dies && strings.Contains(a.said(), "programs of two versions are in force") {
			return nil
		}
		_, err := os.Stat(ready)
		return err
	})
	t.Logf("%s ready after %v", a.name, time.Since(began).Round(time.Millisecond))
	return a
}

func (a *agent) said() string { text, _ := os.ReadFile(a.log); return string(text) }

func (a *agent) kill() { _ = a.Process.Kill(); <-a.ended }

// await waits for something that comes only while the agent lives.
func (a *agent) await(t *testing.T, what string, condition func() error) {
	t.Helper()
	err := await.True(t.Context(), limit, a.name+" "+what, func() error {
		err := condition()
		select {
		case <-a.ended:
			if err != nil {
				return &await.Never{Reason: fmt.Errorf("it has ended: %s", a.said())}
			}
		default:
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// died kills the agent while two sets of programs are attached. What was in force stays.
func (a *agent) died(t *testing.T, loads []*load, before map[*load]int, told map[string]string) {
	t.Helper()
	a.kill()
	if strings.Contains(a.said(), "in force instead of another version") {
		t.Errorf("%s was killed too late: %s", a.name, a.said())
	}
	tried(t, loads, before)
	a.note(t, told)
}

// enough is how many events of each kind an agent is to tell.
const enough = 20

// collect waits until the agent has told enough, and all that was tried since the one before was
// killed if it can; it kills it and notes what it has told.
func (a *agent) collect(t *testing.T, loads []*load, before map[*load]int, told map[string]string) {
	t.Helper()
	since := roundsOf(t, loads)
	a.await(t, "to tell events", func() error {
		text, _ := os.ReadFile(a.events)
		s := string(text)
		if strings.Count(s, "/blocked/") < enough || strings.Count(s, "/audited/") < enough || strings.Count(s, "/of-tool/") < enough {
			return errors.New("too few")
		}
		for _, l := range loads {
			if !l.setUp && !strings.Contains(s, fmt.Sprintf("/audited/%s-%d\"", l.name, since[l])) {
				return fmt.Errorf("nothing of %s", l.name)
			}
		}
		return nil
	})
	a.kill()
	a.note(t, told)
	if a.tells {
		a.hasTold(t, loads, before, since, told)
	}
}

// instant is how many operations may be told by neither set in the instant in which the one falls
// silent and the other does not.
const instant = 2

// hasTold fails where operations of the time without an agent were not told.
func (a *agent) hasTold(t *testing.T, loads []*load, before, since map[*load]int, told map[string]string) {
	t.Helper()
	var missing []string
	n := 0
	for _, l := range loads {
		if l.setUp {
			continue
		}
		// The agent before was killed in the midst of telling the first ones.
		for round := before[l] + 1; round < since[l]; round++ {
			for _, folder := range []string{l.blocked, "audited"} {
				n++
				if name := fmt.Sprintf("%s/%s/%s-%d", dir, folder, l.name, round); told[name] == "" {
					missing = append(missing, name)
				}
			}
		}
	}
	if n == 0 || len(missing) > instant {
		t.Errorf("%s has not told %d of %d operations: %s", a.name, len(missing), n, strings.Join(missing, " "))
	}
	t.Logf("%s has told what was tried without an agent, %d operations, but %d", a.name, n, len(missing))
}

// note notes what the agent has told, and fails where it was told before.
func (a *agent) note(t *testing.T, told map[string]string) {
	t.Helper()
	f, err := os.Open(a.events)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
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
		if denied := alert.Result == "Permission denied"; denied == strings.Contains(alert.Resource, "/audited/") {
			t.Errorf("%s: %s, %s", alert.Resource, alert.Action, alert.Result)
		}
	}
}
