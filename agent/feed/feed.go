package feed

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/event"
	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
)

// Bounds. A node has one relay, and a few that look.
const (
	Connections = 16
	scrapes     = 2 // of metrics, at once
	farewell    = 2 * time.Second
)

// limits of the stream. What is selected is the relay's to find out, not root's.
func limits() stream.Limits {
	l := stream.DefaultLimits
	l.Subscribers, l.Select = Connections, false
	return l
}

// Options are what is served where.
type Options struct {
	Socket   socket.Options
	Version  string // the agent's
	Counters func() (enforcer.Counters, error)
}

// Feed is what is served. Make one with New.
type Feed struct {
	events   *stream.Server
	listener *socket.Listener
	health   *health.Server
	grpc     *grpc.Server
	http     *http.Server
}

// New makes the socket. Nobody is answered before Serve.
func New(o Options) (*Feed, error) {
	listener, err := socket.Listen(o.Socket)
	if err != nil {
		return nil, err
	}
	f := &Feed{events: stream.New(limits()), listener: listener, health: health.NewServer(), grpc: grpc.NewServer(stream.Bounds()...)}
	feeder.RegisterLogServiceServer(f.grpc, f.events)
	grpc_health_v1.RegisterHealthServer(f.grpc, f.health)
	f.http = metricsServer(registry(o, f.events, listener))
	return f, nil
}

func metricsServer(metrics prometheus.Gatherer) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, DisableCompression: true}))
	return &http.Server{
		Handler: mux, MaxHeaderBytes: 4 << 10,
		ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 5 * time.Minute,
	}
}

// Alert hands an alert to all subscribers. It never waits.
func (f *Feed) Alert(a event.Alert) { f.events.PublishAlert(feeder.FromAlert(a)) }

// Serve answers until the context ends; then it sends what waits for subscribers and removes
// the socket. It is called once.
func (f *Feed) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(f.listener.Serve)
	group.Go(func() error { return f.grpc.Serve(f.listener.GRPC()) })
	group.Go(func() error {
		err := f.http.Serve(f.listener.HTTP())
		if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) { // gRPC's end closes both listeners
			return nil
		}
		return err
	})
	group.Go(func() error {
		<-ctx.Done()
		return f.end()
	})
	return group.Wait()
}

// end ends gracefully, but soon.
func (f *Feed) end() error {
	f.health.Shutdown()
	f.events.Close()
	late := time.AfterFunc(farewell, f.grpc.Stop)
	defer late.Stop()
	f.grpc.GracefulStop()
	return errors.Join(f.http.Close(), f.listener.Close())
}
