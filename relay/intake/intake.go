package intake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
)

// maxEvent is the largest event that is taken: twice what an agent sends.
const maxEvent = 256 << 10

// Options are where events come from and where they go.
type Options struct {
	Socket  string
	To      *stream.Server
	Changed func(connected bool) // told in order; may be nil
	// Between two tries it waits from MinWait to MaxWait, each time longer.
	MinWait, MaxWait time.Duration
}

// Intake is a connection to the agent that is made again when it ends.
type Intake struct {
	options    Options
	alerts     track
	logs       track
	messages   track
	connected  atomic.Bool
	connects   atomic.Uint64
	reconnects atomic.Uint64
}

// Counters are totals; Connected is now.
type Counters struct {
	Connected              bool
	Connects               uint64
	Reconnects             uint64 // connects after the first
	Alerts, Logs, Messages Kind
}

// Kind are the totals of one kind of events.
type Kind struct {
	Received         uint64
	LostSlow         uint64 // the agent had no room for them: they were taken too slowly, or too large
	LostDisconnected uint64 // they were told while no connection was there
}

// New returns an intake; Run runs it.
func New(o Options) *Intake {
	return &Intake{options: o}
}

// Counters returns what has been counted.
func (i *Intake) Counters() Counters {
	return Counters{
		Connected: i.connected.Load(), Connects: i.connects.Load(), Reconnects: i.reconnects.Load(),
		Alerts: i.alerts.count(), Logs: i.logs.count(), Messages: i.messages.count(),
	}
}

// Run takes events until the context ends.
func (i *Intake) Run(ctx context.Context) error {
	log := logr.FromContextOrDiscard(ctx).WithValues("socket", i.options.Socket)
	wait, told := i.options.MinWait, ""
	for {
		err := i.session(ctx)
		wasConnected := i.connected.Swap(false)
		if ctx.Err() != nil {
			return nil
		}
		if wasConnected {
			wait = i.options.MinWait
			i.changed(false)
		}
		if text := status.Convert(err).Message(); wasConnected || text != told {
			told = text
			log.Info("no events from the agent: it is tried again until it answers", "error", text)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait/2+1)):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, i.options.MaxWait)
	}
}

func (i *Intake) changed(connected bool) {
	if i.options.Changed != nil {
		i.options.Changed(connected)
	}
}

// session takes events over one connection, until that ends. It returns why it did.
func (i *Intake) session(ctx context.Context) error {
	conn, err := grpc.NewClient("unix:"+i.options.Socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the file's rights say who is at its other end
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxEvent)),
		grpc.WithMaxHeaderListSize(16<<10),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithDisableServiceConfig())
	if err != nil {
		return fmt.Errorf("connect to the agent: %w", err)
	}
	defer func() { _ = conn.Close() }()
	client := feeder.NewLogServiceClient(conn)
	all := &feeder.RequestMessage{Filter: stream.FilterAll}
	group, ctx := errgroup.WithContext(ctx)
	opened := make(chan struct{}, 3)
	ready := func() { opened <- struct{}{} }
	group.Go(func() error {
		return receive(ctx, &i.alerts, client.WatchAlerts, all, ready, i.options.To.PublishAlert)
	})
	group.Go(func() error {
		return receive(ctx, &i.logs, client.WatchLogs, all, ready, i.options.To.PublishLog)
	})
	group.Go(func() error {
		return receive(ctx, &i.messages, client.WatchMessages, all, ready, i.options.To.PublishMessage)
	})
	group.Go(func() error {
		for range cap(opened) {
			select {
			case <-opened:
			case <-ctx.Done():
				return nil
			}
		}
		i.established(ctx)
		return nil
	})
	return group.Wait()
}

func (i *Intake) established(ctx context.Context) {
	if i.connects.Add(1) > 1 {
		i.reconnects.Add(1)
		logr.FromContextOrDiscard(ctx).Info("the agent answers again", "socket", i.options.Socket)
	}
	i.connected.Store(true)
	i.changed(true)
}
