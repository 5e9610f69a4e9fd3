package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"kubearmor.io/api/event"
	"kubearmor.io/e2e/exercise/await"
)

// Log holds the events of one agent in the order in which they came. It may be used by
// several goroutines.
type Log struct {
	mu     sync.Mutex
	events []event.Alert
	broken error // a line that is no event, or the end of the stream
}

// errEnded is what a Log is broken by when the agent closes its output.
var errEnded = errors.New("the agent's events ended")

// read takes JSON lines until there are no more.
func (l *Log) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event.Alert
		err := json.Unmarshal(lines.Bytes(), &e)
		l.mu.Lock()
		if err != nil {
			l.broken = fmt.Errorf("the agent printed %q, which is no event: %w", lines.Text(), err)
			l.mu.Unlock()
			return
		}
		l.events = append(l.events, e)
		l.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken = lines.Err(); l.broken == nil {
		l.broken = errEnded
	}
}

// Mark is a place in the log: what came later is Since it.
func (l *Log) Mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

// Since returns the events that came after the mark.
func (l *Log) Since(mark int) []event.Alert {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]event.Alert(nil), l.events[mark:]...)
}

// Await returns the first event after the mark that matches, waiting for it.
func (l *Log) Await(ctx context.Context, limit time.Duration, mark int, what string, matches func(event.Alert) bool) (event.Alert, error) {
	var found event.Alert
	err := await.True(ctx, limit, "an event: "+what, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, e := range l.events[mark:] {
			if matches(e) {
				found = e
				return nil
			}
		}
		if l.broken != nil {
			return &await.Never{Reason: l.broken}
		}
		return fmt.Errorf("%d other events came", len(l.events)-mark)
	})
	return found, err
}
