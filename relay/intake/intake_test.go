package intake

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
)

// fakeAgent serves a stream on a socket, as an agent does.
func fakeAgent(t *testing.T, path string, s *stream.Server) (stop func()) {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(stream.Bounds()...)
	feeder.RegisterLogServiceServer(g, s)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	return g.Stop
}

// taking is an intake that runs, and what comes out of it.
type taking struct {
	*Intake
	changes chan bool
	alerts  grpc.ServerStreamingClient[feeder.Alert]
}

func run(t *testing.T, path string) taking {
	t.Helper()
	to := stream.New(stream.DefaultLimits)
	listener := bufconn.Listen(64 << 10)
	g := grpc.NewServer()
	feeder.RegisterLogServiceServer(g, to)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	alerts, err := feeder.NewLogServiceClient(conn).WatchAlerts(ctx, &feeder.RequestMessage{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alerts.Header(); err != nil {
		t.Fatal(err)
	}
	k := taking{changes: make(chan bool, 16), alerts: alerts}
	k.Intake = New(Options{
		Socket: path, To: to, Changed: func(c bool) { k.changes <- c },
		MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond,
	})
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return k
}

func (k taking) await(t *testing.T, connected bool) {
	t.Helper()
	select {
	case got := <-k.changes:
		if got != connected {
			t.Fatalf("connected: %v", got)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("it is not told that connected is %v", connected)
	}
}

func (k taking) next(t *testing.T, want string) *feeder.Alert {
	t.Helper()
	a, err := k.alerts.Recv()
	if err != nil || a.PolicyName != want {
		t.Fatalf("%v, %v; want %s", a, err, want)
	}
	return a
}

func TestEventsComeFromTheAgentAndAcrossItsReconnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	k := run(t, path) // before there is an agent
	agent := stream.New(stream.DefaultLimits)
	agent.PublishAlert(&feeder.Alert{}) // nobody waits for this one
	stop := fakeAgent(t, path, agent)
	k.await(t, true)
	agent.PublishAlert(&feeder.Alert{PolicyName: "first"})
	k.next(t, "first")

	stop()
	k.await(t, false)
	agent.PublishAlert(&feeder.Alert{PolicyName: "lost"})
	agent.PublishAlert(&feeder.Alert{PolicyName: "lost as well"})
	fakeAgent(t, path, agent)
	k.await(t, true)
	agent.PublishAlert(&feeder.Alert{PolicyName: "second"})
	if a := k.next(t, "second"); a.Sequence != 2 {
		t.Errorf("subscribers see the agent's numbers: %v", a)
	}
	c := k.Counters()
	if !c.Connected || c.Connects != 2 || c.Reconnects != 1 || c.Alerts != (Kind{Received: 2, LostDisconnected: 2}) {
		t.Errorf("%+v", c)
	}
}

func TestWhatANewAgentToldBeforeItWasReachedIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	stop := fakeAgent(t, path, stream.New(stream.DefaultLimits))
	k := run(t, path)
	k.await(t, true)
	stop()
	k.await(t, false)
	agent := stream.New(stream.DefaultLimits)
	for range 3 {
		agent.PublishAlert(&feeder.Alert{})
	}
	fakeAgent(t, path, agent)
	k.await(t, true)
	agent.PublishAlert(&feeder.Alert{PolicyName: "fourth"})
	k.next(t, "fourth")
	if c := k.Counters(); c.Alerts != (Kind{Received: 1, LostDisconnected: 3}) {
		t.Errorf("%+v", c)
	}
}

func TestWhatTheAgentCouldNotSendIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	agent := stream.New(stream.DefaultLimits)
	fakeAgent(t, path, agent)
	k := run(t, path)
	k.await(t, true)
	agent.PublishAlert(&feeder.Alert{PolicyName: "first"})
	k.next(t, "first")
	agent.PublishAlert(&feeder.Alert{Data: strings.Repeat("x", stream.DefaultLimits.EventBytes)})
	agent.PublishAlert(&feeder.Alert{PolicyName: "third"})
	if a := k.next(t, "third"); a.Lost != 0 {
		t.Errorf("the losses of the relay are told to its client as the client's: %v", a)
	}
	if c := k.Counters(); c.Alerts != (Kind{Received: 2, LostSlow: 1}) {
		t.Errorf("%+v", c)
	}
}
