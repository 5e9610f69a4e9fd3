package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
)

// track follows the numbers of one kind of events over connections.
type track struct {
	mu     sync.Mutex
	server string // that the last number is of; "" before the first connection
	last   uint64
	kind   Kind
}

// begin notes that a server has been connected to, and counts what it has told since the last
// connection ended. Before the first one nobody waited for events.
func (t *track) begin(server string, last uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.server == "":
	case t.server != server:
		t.kind.LostDisconnected += last
	case last > t.last:
		t.kind.LostDisconnected += last - t.last
	}
	t.server, t.last = server, last
}

// arrived counts an event, and those between it and the one before.
func (t *track) arrived(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kind.Received++
	if number > t.last {
		t.kind.LostSlow += number - t.last - 1
		t.last = number
	}
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
	server, last, err := origin(header)
	if err != nil {
		return err
	}
	t.begin(server, last)
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

// origin reads from a stream's header whose events come, and after which number.
func origin(header metadata.MD) (server string, last uint64, err error) {
	servers, numbers := header.Get(stream.HeaderServer), header.Get(stream.HeaderLast)
	if len(servers) != 1 || len(numbers) != 1 || servers[0] == "" {
		return "", 0, errors.New("who answers is no agent of this version: it does not number its events")
	}
	if last, err = strconv.ParseUint(numbers[0], 10, 64); err != nil {
		return "", 0, fmt.Errorf("the agent's %s: %w", stream.HeaderLast, err)
	}
	return servers[0], last, nil
}
