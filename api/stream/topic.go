package stream

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"
)

// topic hands the messages of one kind to the queues of its subscribers.
type topic[M proto.Message] struct {
	limits Limits
	number func(M, uint64)   // writes a message's number into it
	losing func(M, uint64) M // returns the message with the losses before it

	mu       sync.Mutex
	queues   map[*queue[M]]struct{}
	closed   bool
	counters Counters
}

// queue is what waits for one subscriber. Its topic's lock guards it.
type queue[M proto.Message] struct {
	items []item[M]
	bytes int
	lost  uint64        // since the last item
	wake  chan struct{} // has room for one signal
}

type item[M proto.Message] struct {
	message M
	bytes   int
	lost    uint64 // before it
}

func newTopic[M proto.Message](limits Limits, number func(M, uint64), losing func(M, uint64) M) *topic[M] {
	return &topic[M]{limits: limits, number: number, losing: losing, queues: map[*queue[M]]struct{}{}}
}

// publish numbers the message, which is the topic's from then on, and queues it.
func (t *topic[M]) publish(m M) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counters.Published++
	t.number(m, t.counters.Published)
	size := proto.Size(m)
	if size > t.limits.EventBytes {
		t.counters.LostTooLarge++
		for q := range t.queues {
			q.lost++
		}
		return
	}
	for q := range t.queues {
		if len(q.items) >= t.limits.QueueEvents || q.bytes+size > t.limits.QueueBytes {
			q.lost++
			t.counters.LostSlow++
			continue
		}
		q.items = append(q.items, item[M]{m, size, q.lost})
		q.bytes += size
		q.lost = 0
		q.signal()
	}
}

func (q *queue[M]) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// subscribe returns a queue, and the number of the message before the first that will be in it.
func (t *topic[M]) subscribe() (q *queue[M], last uint64) {
	q = &queue[M]{wake: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queues[q] = struct{}{}
	return q, t.counters.Published
}

// leave ends a subscription. What the subscriber has not taken is lost for it.
func (t *topic[M]) leave(q *queue[M]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.queues, q)
	t.counters.LostGone += uint64(len(q.items))
}

// next waits for a message. It returns false when the context or, the queue being empty,
// the topic has ended.
func (t *topic[M]) next(ctx context.Context, q *queue[M]) (m M, ok bool) {
	for {
		if first, ended := t.take(q); first != nil {
			if first.lost > 0 {
				return t.losing(first.message, first.lost), true
			}
			return first.message, true
		} else if ended {
			return m, false
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return m, false
		}
	}
}

// take takes the first item, nil if there is none.
func (t *topic[M]) take(q *queue[M]) (first *item[M], ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(q.items) == 0 {
		return nil, t.closed
	}
	taken := q.items[0]
	q.items[0] = item[M]{} // the array lives on
	q.items = q.items[1:]
	q.bytes -= taken.bytes
	return &taken, false
}

// sent counts a message that a subscriber was sent.
func (t *topic[M]) sent() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counters.Sent++
}

// close lets subscribers take what waits for them, and nothing else.
func (t *topic[M]) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for q := range t.queues {
		q.signal()
	}
}

func (t *topic[M]) count() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counters
	c.Subscribers = len(t.queues)
	return c
}
