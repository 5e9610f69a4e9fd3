package logs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
)

// errLimit ends everything once --limit is reached.
var errLimit = errors.New("as many events as were asked for")

// run prints until the context, the relay or --limit ends it.
func (o *options) run(ctx context.Context, out, errOut io.Writer) (err error) {
	credentials := insecure.NewCredentials()
	if o.secure {
		if credentials, err = readCertificates(o.certificates); err != nil {
			return err
		}
	}
	p, err := newPrinter(o, out, errOut)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	conn, err := grpc.NewClient(o.address, grpc.WithTransportCredentials(credentials))
	if err != nil {
		return fmt.Errorf("--gRPC %s: %w", o.address, err)
	}
	defer func() { _ = conn.Close() }()
	err = o.watch(ctx, feeder.NewLogServiceClient(conn), p)
	if ctx.Err() != nil || errors.Is(err, errLimit) {
		return nil
	}
	return o.explain(err)
}

func (o *options) watch(ctx context.Context, client feeder.LogServiceClient, p *printer) error {
	selector, err := stream.NewSelector(&o.request)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if o.events != "none" && o.request.Filter != stream.FilterSystem {
		group.Go(func() error {
			return receive(ctx, client.WatchAlerts, &o.request, func(a *feeder.Alert) error {
				if !selector.Matches(a) { // the relay is older than the fields that select
					return nil
				}
				return p.event(a.Event(), a.GetLost())
			})
		})
	}
	if o.events != "none" && o.request.Filter != stream.FilterPolicy {
		group.Go(func() error {
			return receive(ctx, client.WatchLogs, &o.request, func(l *feeder.Log) error {
				if !selector.Matches(l) {
					return nil
				}
				return p.event(l.Event(), l.GetLost())
			})
		})
	}
	if o.messages != "none" {
		group.Go(func() error {
			return receive(ctx, client.WatchMessages, &feeder.RequestMessage{}, func(m *feeder.Message) error {
				return p.message(m.Event(), m.GetLost())
			})
		})
	}
	return group.Wait()
}

type watchMethod[M any] func(context.Context, *feeder.RequestMessage, ...grpc.CallOption) (grpc.ServerStreamingClient[M], error)

// receive prints what comes until it ends, and says why it did.
func receive[M any](ctx context.Context, open watchMethod[M], request *feeder.RequestMessage, print func(*M) error) error {
	events, err := open(ctx, proto.CloneOf(request))
	if err != nil {
		return err
	}
	for {
		m, err := events.Recv()
		if errors.Is(err, io.EOF) {
			return errors.New("the relay has ended the stream")
		}
		if err != nil {
			return err
		}
		if err := print(m); err != nil {
			return err
		}
	}
}

// explain says what to do about an error of the connection.
func (o *options) explain(err error) error {
	s, ok := grpcstatus.FromError(err)
	if !ok {
		return err
	}
	hint := ""
	if s.Code() == codes.Unavailable {
		hint = "; see whether a relay listens there"
		if o.secure {
			hint += ", and whether its certificate and yours are of the same authority"
		} else {
			hint += ", and give --secure and --tlsCertPath if it asks for certificates"
		}
	}
	return fmt.Errorf("the relay at %s: %s%s", o.address, s.Message(), hint)
}
