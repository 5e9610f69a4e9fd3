package nri

import (
	"sync"
	"testing"
)

func TestOneContainersCallsAreSerialAndInOrder(t *testing.T) {
	var o order
	var mu sync.Mutex
	var done []int
	var all sync.WaitGroup
	for i := range 100 {
		turn := o.take("a")
		all.Go(func() {
			turn.wait()
			mu.Lock()
			done = append(done, i)
			mu.Unlock()
			turn.leave()
		})
	}
	all.Wait()
	for i, got := range done {
		if got != i {
			t.Fatalf("call %d came as number %d", got, i)
		}
	}
	if len(done) != 100 || len(o.last) != 0 {
		t.Errorf("%d calls, %d containers are kept", len(done), len(o.last))
	}
}

func TestDifferentContainersDoNotWaitForEachOther(t *testing.T) {
	var o order
	a := o.take("a")
	b := o.take("b")
	b.wait() // although a has not left
	b.leave()
	both := o.take("a", "b", "a")
	passed := make(chan struct{})
	go func() { both.wait(); close(passed) }()
	select {
	case <-passed:
		t.Error("a turn for several did not wait for one of them")
	default:
	}
	a.leave()
	receive(t, "the turn for both", passed)
	after := o.take("b")
	both.leave()
	after.wait()
	after.leave()
	receive(t, "nothing is left to do", o.idle())
	if len(o.last) != 0 {
		t.Errorf("%d containers are kept", len(o.last))
	}
}
