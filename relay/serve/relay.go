package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
	"kubearmor.io/relay/certs"
	"kubearmor.io/relay/intake"
)

// Options say how a relay runs.
type Options struct {
	Version string
	Socket  string        // the agent's
	Listen  string        // address for gRPC
	Metrics string        // address for metrics
	Certs   *certs.Source // nil: whoever connects is answered, in the clear
	Limits  stream.Limits
	// Connections are the most at once, on each of the two addresses.
	Connections int
	// Between two tries to reach the agent it waits from MinWait to MaxWait.
	MinWait, MaxWait time.Duration
}

// farewell is how long clients may take to be sent what waits for them in the end.
const farewell = 5 * time.Second

// Relay is a relay that has its addresses. Make one with New.
type Relay struct {
	options      Options
	events       *stream.Server
	intake       *intake.Intake
	health       *health.Server
	grpc         *grpc.Server
	http         *http.Server
	listen, ping net.Listener
}

// New takes the addresses. Nobody is answered before Run.
func New(o Options) (*Relay, error) {
	r := &Relay{options: o, events: stream.New(o.Limits), health: health.NewServer()}
	r.intake = intake.New(intake.Options{Socket: o.Socket, To: r.events, Changed: r.report, MinWait: o.MinWait, MaxWait: o.MaxWait})
	r.report(false)
	options := stream.Bounds()
	if o.Certs != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(o.Certs.Config())))
	}
	r.grpc = grpc.NewServer(options...)
	feeder.RegisterLogServiceServer(r.grpc, r.events)
	grpc_health_v1.RegisterHealthServer(r.grpc, r.health)
	r.http = r.web()
	var err error
	if r.listen, err = bounded(o.Listen, o.Connections); err != nil {
		return nil, err
	}
	if r.ping, err = bounded(o.Metrics, o.Connections); err != nil {
		return nil, errors.Join(err, r.listen.Close())
	}
	return r, nil
}

// bounded listens; beyond that many connections, others wait for one to end.
func bounded(address string, connections int) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve on %s: %w", address, err)
	}
	return netutil.LimitListener(l, connections), nil
}

// Addresses returns where clients are answered, and where metrics are.
func (r *Relay) Addresses() (clients, metrics net.Addr) { return r.listen.Addr(), r.ping.Addr() }

// report tells those who watch the health of the service whether the agent answers. The relay
// itself, the service without a name, is well either way.
func (r *Relay) report(connected bool) {
	state := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if connected {
		state = grpc_health_v1.HealthCheckResponse_SERVING
	}
	r.health.SetServingStatus(feeder.LogService_ServiceDesc.ServiceName, state)
}

// Run serves until the context ends. It is called once.
func (r *Relay) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.intake.Run(ctx) })
	group.Go(func() error { return r.grpc.Serve(r.listen) })
	group.Go(func() error {
		if err := r.http.Serve(r.ping); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		r.health.Shutdown()
		r.events.Close()
		late := time.AfterFunc(farewell, r.grpc.Stop)
		defer late.Stop()
		r.grpc.GracefulStop()
		return r.http.Close()
	})
	return group.Wait()
}
