package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"kubearmor.io/api/feeder"
)

// connect serves s in memory and returns a client.
func connect(t *testing.T, s *Server) feeder.LogServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 10)
	g := grpc.NewServer(Bounds()...)
	feeder.RegisterLogServiceServer(g, s)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return feeder.NewLogServiceClient(conn)
}

func limited(change func(*Limits)) Limits {
	l := DefaultLimits
	change(&l)
	return l
}

// watchAlerts returns a subscription that holds.
func watchAlerts(t *testing.T, client feeder.LogServiceClient, r *feeder.RequestMessage) grpc.ServerStreamingClient[feeder.Alert] {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	alerts, err := client.WatchAlerts(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	header, err := alerts.Header()
	if err != nil {
		t.Fatal(err)
	}
	if len(header.Get(HeaderServer)) != 1 || len(header.Get(HeaderLast)) != 1 {
		t.Fatalf("the header is %v", header)
	}
	return alerts
}

func receive[M any](t *testing.T, from grpc.ServerStreamingClient[M]) *M {
	t.Helper()
	m, err := from.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEachSubscriberGetsItsKind(t *testing.T) {
	s := New(DefaultLimits)
	client := connect(t, s)
	alerts := watchAlerts(t, client, &feeder.RequestMessage{Filter: "policy"})
	logs, err := client.WatchLogs(t.Context(), &feeder.RequestMessage{Filter: "system"})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := client.WatchMessages(t.Context(), &feeder.RequestMessage{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logs.Header(); err != nil {
		t.Fatal(err)
	}
	if _, err := messages.Header(); err != nil {
		t.Fatal(err)
	}
	s.PublishAlert(&feeder.Alert{PolicyName: "first"})
	s.PublishAlert(&feeder.Alert{PolicyName: "second"})
	s.PublishLog(&feeder.Log{Source: "/bin/ls"})
	s.PublishMessage(&feeder.Message{Message: "hello"})
	for n, want := range []string{"first", "second"} {
		if m := receive(t, alerts); m.PolicyName != want || m.Sequence != uint64(n+1) || m.Lost != 0 {
			t.Errorf("alert %v", m)
		}
	}
	if m := receive(t, logs); m.Source != "/bin/ls" || m.Sequence != 1 {
		t.Errorf("log %v", m)
	}
	if m := receive(t, messages); m.Message != "hello" || m.Sequence != 1 {
		t.Errorf("message %v", m)
	}
}

func TestAFilterEndsTheStreamOfTheOtherKind(t *testing.T) {
	client := connect(t, New(DefaultLimits))
	alerts, err := client.WatchAlerts(t.Context(), &feeder.RequestMessage{Filter: "system"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alerts.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("alerts of system: %v", err)
	}
	logs, err := client.WatchLogs(t.Context(), &feeder.RequestMessage{Filter: "policy"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logs.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("logs of policy: %v", err)
	}
}

func TestFieldsSelectAtTheServer(t *testing.T) {
	s := New(DefaultLimits)
	client := connect(t, s)
	alerts := watchAlerts(t, client, &feeder.RequestMessage{NamespaceName: "^shop$"})
	s.PublishAlert(&feeder.Alert{NamespaceName: "other"})
	s.PublishAlert(&feeder.Alert{NamespaceName: "shop"})
	if m := receive(t, alerts); m.NamespaceName != "shop" || m.Sequence != 2 {
		t.Errorf("alert %v", m)
	}
	logs, err := client.WatchLogs(t.Context(), &feeder.RequestMessage{Source: "sh$"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logs.Header(); err != nil {
		t.Fatal(err)
	}
	s.PublishLog(&feeder.Log{Source: "/bin/ls"})
	s.PublishLog(&feeder.Log{Source: "/bin/sh"})
	if m := receive(t, logs); m.Source != "/bin/sh" {
		t.Errorf("log %v", m)
	}
}

func TestAServerMayLeaveSelectingToTheRelay(t *testing.T) {
	client := connect(t, New(limited(func(l *Limits) { l.Select = false })))
	alerts, err := client.WatchAlerts(t.Context(), &feeder.RequestMessage{Source: "sh"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alerts.Recv(); status.Code(err) != codes.InvalidArgument {
		t.Errorf("%v", err)
	}
	watchAlerts(t, client, &feeder.RequestMessage{Filter: "all"})
}

func TestRequestsAreBounded(t *testing.T) {
	s := New(limited(func(l *Limits) { l.Subscribers = 1 }))
	client := connect(t, s)
	for want, request := range map[codes.Code]*feeder.RequestMessage{
		codes.InvalidArgument:   {Filter: "alerts"},
		codes.ResourceExhausted: {Source: strings.Repeat("x", maxRequestBytes)},
	} {
		alerts, err := client.WatchAlerts(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := alerts.Recv(); status.Code(err) != want {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	watchAlerts(t, client, &feeder.RequestMessage{})
	second, err := client.WatchAlerts(t.Context(), &feeder.RequestMessage{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Recv(); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "1 subscribers") {
		t.Errorf("a second subscriber: %v", err)
	}
	if n := s.Totals().Refused; n != 1 {
		t.Errorf("%d are counted as refused", n)
	}
}

func TestAStreamSaysWhereItBegins(t *testing.T) {
	s := New(DefaultLimits)
	client := connect(t, s)
	s.PublishAlert(&feeder.Alert{})
	s.PublishAlert(&feeder.Alert{})
	ids := map[string]bool{}
	for range 2 {
		alerts, err := client.WatchAlerts(t.Context(), &feeder.RequestMessage{})
		if err != nil {
			t.Fatal(err)
		}
		header, err := alerts.Header()
		if err != nil || len(header.Get(HeaderLast)) != 1 || header.Get(HeaderLast)[0] != "2" {
			t.Errorf("%v, %v", header, err)
		}
		ids[header.Get(HeaderServer)[0]] = true
	}
	if len(ids) != 1 || New(DefaultLimits).id == s.id {
		t.Errorf("servers are not told apart: %v", ids)
	}
}

func TestAHealthCheckEchoes(t *testing.T) {
	reply, err := connect(t, New(DefaultLimits)).HealthCheck(t.Context(), &feeder.NonceMessage{Nonce: 4711})
	if err != nil || reply.Retval != 4711 {
		t.Errorf("%v, %v", reply, err)
	}
}

// The publisher runs in the process that enforces: it can't wait for anybody.
func TestASlowSubscriberLosesEventsAndIsTold(t *testing.T) {
	s := New(limited(func(l *Limits) { l.QueueEvents = 4 }))
	client := connect(t, s)
	slow := watchAlerts(t, client, &feeder.RequestMessage{})
	const all = 5000
	for range all {
		s.PublishAlert(&feeder.Alert{Data: strings.Repeat("x", 1000)})
	}
	lost := s.Totals().Alerts.LostSlow
	if lost == 0 {
		t.Fatal("a queue of 4 has taken everything")
	}
	// What came before the losses, taken; then the next event tells them.
	var got, told, last uint64
	take := func() {
		m := receive(t, slow)
		if m.Sequence != last+m.Lost+1 {
			t.Fatalf("after %d comes %d, and %d are told as lost", last, m.Sequence, m.Lost)
		}
		got, told, last = got+1, told+m.Lost, m.Sequence
	}
	for got < all-lost {
		take()
	}
	s.PublishAlert(&feeder.Alert{})
	take()
	if last != all+1 || told != lost {
		t.Errorf("%d came, the last is %d; %d were told as lost of %d", got, last, told, lost)
	}
}

func TestBytesThatWaitAreBounded(t *testing.T) {
	s := New(limited(func(l *Limits) { l.QueueBytes, l.EventBytes = 3000, 2000 }))
	q, _ := s.alerts.subscribe()
	s.PublishAlert(&feeder.Alert{Data: strings.Repeat("x", 1900)})
	s.PublishAlert(&feeder.Alert{Data: strings.Repeat("x", 1900)}) // does not fit
	s.PublishAlert(&feeder.Alert{Data: strings.Repeat("x", 900)})  // does
	s.PublishAlert(&feeder.Alert{Data: strings.Repeat("x", 2000)}) // is too large for everybody
	c := s.Totals().Alerts
	if c.LostSlow != 1 || c.LostTooLarge != 1 || len(q.items) != 2 || q.items[1].lost != 1 || q.lost != 1 {
		t.Errorf("%+v, %d wait", c, len(q.items))
	}
	for range 2 {
		if _, ok := s.alerts.next(t.Context(), q); !ok {
			t.Fatal("nothing waits")
		}
	}
	if q.bytes != 0 {
		t.Errorf("an empty queue has %d bytes", q.bytes)
	}
	s.PublishAlert(&feeder.Alert{})
	s.alerts.leave(q)
	if c := s.Totals().Alerts; c.LostGone != 1 || c.Subscribers != 0 {
		t.Errorf("after it left: %+v", c)
	}
}

func TestTheEndComesAfterWhatWaits(t *testing.T) {
	s := New(DefaultLimits)
	alerts := watchAlerts(t, connect(t, s), &feeder.RequestMessage{})
	for range 100 {
		s.PublishAlert(&feeder.Alert{})
	}
	s.Close()
	for range 100 {
		receive(t, alerts)
	}
	if _, err := alerts.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the end is %v", err)
	}
	if c := s.Totals().Alerts; c.Sent != 100 || c.LostGone != 0 {
		t.Errorf("%+v", c)
	}
}
