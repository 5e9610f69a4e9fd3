package intake

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
)

// track follows the numbers of one kind of events over connections.
type track struct {
	mu     sync.Mutex
	server string // that the last number is of
	last   uint64
	fresh  bool // nothing has come since the connection was made
	blind  bool // what the server had told before is none of ours
	kind   Kind
}

// begin notes that a server has been connected to.
func (t *track) begin(server string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if server == "" || t.server == "" {
		t.blind = true // the first connection: nobody waited for earlier events
	}
	if server != t.server {
		t.last = 0
	}
	t.server, t.fresh = server, true
}

// arrived counts an event, and those between it and the one before.
func (t *track) arrived(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kind.Received++
	switch missing := number - t.last - 1; {
	case t.blind || number <= t.last:
	case t.fresh:
		t.kind.LostDisconnected += missing
	default:
		t.kind.LostSlow += missing
	}
	t.last, t.fresh, t.blind = number, false, t.server == ""
}

func (t *track) count() Kind {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kind
}

// numbered is a message of the stream.
type numbered[M any] interface {
	*M
	GetSequence() uint64
}

// watch is a method of the service that hands out events.
type watch[M any] func(context.Context, *feeder.RequestMessage, ...grpc.CallOption) (grpc.ServerStreamingClient[M], error)

// receive publishes what a server sends until that ends, and says why it did.
func receive[M any, P numbered[M]](ctx context.Context, t *track, open watch[M], what *feeder.RequestMessage, ready func(), publish func(P)) error {
	events, err := open(ctx, what)
	if err != nil {
		return err
	}
	header, err := events.Header()
	if err != nil {
		return err
	}
	if header == nil { // it ended before it began: Recv says why
		_, err := events.Recv()
		return err
	}
	server := ""
	if values := header.Get(stream.Header); len(values) == 1 {
		server = values[0]
	}
	t.begin(server)
	ready()
	for {
		m, err := events.Recv()
		if errors.Is(err, io.EOF) {
			return errors.New("the agent has ended the stream")
		}
		if err != nil {
			return err
		}
		t.arrived(P(m).GetSequence())
		publish(m)
	}
}
