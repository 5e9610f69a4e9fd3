package nri

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// Results of a call, as the metrics have them.
const (
	resultOK      = "ok"
	resultError   = "error"   // the handler said no
	resultLate    = "late"    // the runtime was answered before the handler had done
	resultPanic   = "panic"   // the handler panicked
	resultInvalid = "invalid" // the handler was not called: what the runtime says makes no sense
)

// Hooks, as the metrics have them.
const (
	hookStart = "start"
	hookStop  = "stop"
	hookSync  = "sync"
)

var errLate = errors.New("it took too long")

// panicked is a handler's panic as an error.
type panicked struct {
	value any
	stack []byte
}

func (e *panicked) Error() string { return fmt.Sprintf("internal error: %v", e.value) }

// call is one call of the handler on behalf of the runtime.
type call struct {
	hook string
	ids  []string
	// work is what to do, when it is the containers' turn. late: the runtime was answered before.
	// It is not begun then if unwanted is set.
	work func(late bool) error
	// unwanted undoes work that ended without an error after the runtime was told that it failed.
	unwanted func()
}

// do makes a call and waits for it for a while. A call that takes longer goes on behind it.
func (p *Plugin) do(ctx context.Context, patience time.Duration, c call) error {
	began := time.Now()
	var answer struct {
		sync.Mutex
		late bool
		err  error
	}
	done := make(chan struct{})
	turn := p.order.take(c.ids...)
	go func() {
		defer turn.leave()
		turn.wait()
		answer.Lock()
		late := answer.late
		answer.Unlock()
		if late && c.unwanted != nil {
			return
		}
		err := safely(func() error { return c.work(late) })
		answer.Lock()
		answer.err = err
		late = answer.late
		close(done)
		answer.Unlock()
		if late {
			p.ended(ctx, c, began, err)
		}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	answer.Lock()
	defer answer.Unlock()
	select {
	case <-done:
	default:
		answer.late = true
		p.metrics.observe(c.hook, resultLate, began)
		return errLate
	}
	p.metrics.observe(c.hook, resultOf(answer.err), began)
	return answer.err
}

// ended is called in the turn of a call that has ended after the runtime was answered.
func (p *Plugin) ended(ctx context.Context, c call, began time.Time, err error) {
	log := logr.FromContextOrDiscard(ctx).WithValues("hook", c.hook, "containers", len(c.ids), "took", time.Since(began).String())
	if err != nil {
		log.Error(err, "failed after the runtime was answered")
	} else {
		log.Info("done after the runtime was answered")
	}
	if c.unwanted != nil {
		if err := safely(func() error { c.unwanted(); return nil }); err != nil {
			log.Error(err, "what came too late could not be undone")
		}
	}
}

func resultOf(err error) string {
	var p *panicked
	switch {
	case err == nil:
		return resultOK
	case errors.As(err, &p):
		return resultPanic
	}
	return resultError
}

// safely has a panic be an error.
func safely(work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, debug.Stack()}
		}
	}()
	return work()
}
