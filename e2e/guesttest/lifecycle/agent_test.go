//go:build guest

package lifecycle

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubearmor.io/api/event"
	"kubearmor.io/e2e/exercise/agent"
)

// taker is an agent that takes over.
type taker struct {
	turn
	*agent.Attached
	name string
}

// attach starts an agent and waits until it is ready, or until it is to die.
func attach(t *testing.T, turn turn, pid, i int) *taker {
	t.Helper()
	began := time.Now()
	a := &taker{turn: turn, name: fmt.Sprintf("%s in turn %d", turn.build, i)}
	var err error
	a.Attached, err = agent.Start("/agents/"+turn.build, agent.Target{
		PID: pid, Name: "upgrade", Policies: dir + "/policies", EventBuffer: 16384, Persist: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Kill)
	if turn.dies {
		a.await(t, "to attach its programs beside those in force", func() error {
			if !strings.Contains(a.Said(), "programs of two versions are in force") {
				return errors.New("it has not said so")
			}
			return nil
		})
	} else if err := a.Ready(t.Context()); err != nil {
		t.Fatal(a.name, err)
	}
	t.Logf("%s ready after %v", a.name, time.Since(began).Round(time.Millisecond))
	return a
}

// await waits for something that comes only while the agent lives.
func (a *taker) await(t *testing.T, what string, condition func() error) {
	t.Helper()
	if err := a.Await(t.Context(), what, condition); err != nil {
		t.Fatal(a.name, err)
	}
}

// died kills the agent while two sets of programs are attached. What was in force stays.
func (a *taker) died(t *testing.T, loads []*load, before map[*load]int, told map[string]string) {
	t.Helper()
	a.Kill()
	if strings.Contains(a.Said(), "in force instead of another version") {
		t.Errorf("%s was killed too late: %s", a.name, a.Said())
	}
	tried(t, loads, before)
	a.note(t, told)
}

// enough is how many events of each kind an agent is to tell.
const enough = 20

// collect waits until the agent has told enough, and all that was tried since the one before was
// killed if it can; it kills it and notes what it has told.
func (a *taker) collect(t *testing.T, loads []*load, before map[*load]int, told map[string]string) {
	t.Helper()
	since := roundsOf(t, loads)
	mark, kinds, names := 0, map[string]int{}, map[string]bool{}
	a.await(t, "to tell events", func() error {
		for _, e := range a.Events.Since(mark) {
			mark++
			kinds[filepath.Base(filepath.Dir(e.Resource))]++
			names[e.Resource] = true
		}
		if kinds["blocked"] < enough || kinds["audited"] < enough || kinds["of-tool"] < enough {
			return fmt.Errorf("too few: %v", kinds)
		}
		for _, l := range loads {
			if !l.setUp && !names[fmt.Sprintf("%s/audited/%s-%d", dir, l.name, since[l])] {
				return fmt.Errorf("nothing of %s", l.name)
			}
		}
		return nil
	})
	a.Kill()
	a.note(t, told)
	if a.tells {
		a.hasTold(t, loads, before, since, told)
	}
}

// instant is how many operations may be told by neither set in the instant in which the one falls
// silent and the other does not.
const instant = 2

// hasTold fails where operations of the time without an agent were not told.
func (a *taker) hasTold(t *testing.T, loads []*load, before, since map[*load]int, told map[string]string) {
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
func (a *taker) note(t *testing.T, told map[string]string) {
	t.Helper()
	for _, e := range a.Events.Since(0) {
		if by, twice := told[e.Resource]; twice {
			t.Errorf("%s was told by %s and by %s", e.Resource, by, a.name)
		}
		told[e.Resource] = a.name
		if denied := e.Result == event.ResultPermissionDenied; denied == strings.Contains(e.Resource, "/audited/") {
			t.Errorf("%s: %s, %s", e.Resource, e.Action, e.Result)
		}
	}
}
