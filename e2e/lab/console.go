package lab

import (
	"io"
	"strings"
	"sync"
	"unicode"
)

// consoleLog passes a guest's console on and remembers its end.
type consoleLog struct {
	mu   sync.Mutex
	last []byte
	done chan struct{}
}

// tailSize holds a kernel's panic with its stack trace.
const tailSize = 8 << 10

func newConsoleLog(console io.Reader, w io.Writer) *consoleLog {
	l := &consoleLog{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		// It ends with the machine, whichever way.
		_, _ = io.Copy(io.MultiWriter(l, w), console)
	}()
	return l
}

// Write keeps the newest bytes.
func (l *consoleLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = append(l.last, p...)
	if excess := len(l.last) - tailSize; excess > 0 {
		l.last = append(l.last[:0], l.last[excess:]...)
	}
	return len(p), nil
}

func (l *consoleLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(strings.Map(printable, string(l.last)))
}

// printable drops what would move the reader's cursor or clear the screen.
func printable(r rune) rune {
	if r == '\n' || r == '\t' || unicode.IsPrint(r) {
		return r
	}
	return -1
}

func (l *consoleLog) wait() { <-l.done }
