package stream

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"kubearmor.io/api/feeder"
)

// Names of headers. They are sent when a subscription holds, before any event.
const (
	HeaderServer = "kubearmor-stream"   // the numbers of events go on as long as its value stays
	HeaderLast   = "kubearmor-sequence" // the number of the event before the first that will come
)

// Server is LogService. All methods may be called at any time.
type Server struct {
	feeder.UnimplementedLogServiceServer
	limits   Limits
	id       string
	alerts   *topic[*feeder.Alert]
	logs     *topic[*feeder.Log]
	messages *topic[*feeder.Message]
	watching atomic.Int64
	refused  atomic.Uint64
}

// Counters are totals of one kind of events.
type Counters struct {
	Published    uint64 // events that were to be handed out
	Sent         uint64 // over all subscribers, like what follows
	LostSlow     uint64 // the subscriber's queue was full
	LostGone     uint64 // the subscriber ended before it took them
	LostTooLarge uint64 // once, for everybody: beyond Limits.EventBytes
	Subscribers  int    // now
}

// Totals are the counters of a server.
type Totals struct {
	Alerts, Logs, Messages Counters
	Refused                uint64 // subscriptions beyond Limits.Subscribers
}

// New returns a server without subscribers.
func New(limits Limits) *Server {
	return &Server{
		limits: limits,
		id:     rand.Text(),
		alerts: newTopic(limits, func(m *feeder.Alert, n uint64) { m.Sequence, m.Lost = n, 0 }, func(m *feeder.Alert, n uint64) *feeder.Alert {
			m = proto.CloneOf(m)
			m.Lost = n
			return m
		}),
		logs: newTopic(limits, func(m *feeder.Log, n uint64) { m.Sequence, m.Lost = n, 0 }, func(m *feeder.Log, n uint64) *feeder.Log {
			m = proto.CloneOf(m)
			m.Lost = n
			return m
		}),
		messages: newTopic(limits, func(m *feeder.Message, n uint64) { m.Sequence, m.Lost = n, 0 }, func(m *feeder.Message, n uint64) *feeder.Message {
			m = proto.CloneOf(m)
			m.Lost = n
			return m
		}),
	}
}

// PublishAlert hands an alert out. The server owns it from then on.
func (s *Server) PublishAlert(m *feeder.Alert) { s.alerts.publish(m) }

// PublishLog hands a log out. The server owns it from then on.
func (s *Server) PublishLog(m *feeder.Log) { s.logs.publish(m) }

// PublishMessage hands a message out. The server owns it from then on.
func (s *Server) PublishMessage(m *feeder.Message) { s.messages.publish(m) }

// Close ends every subscription once it has been sent what waits for it.
func (s *Server) Close() {
	s.alerts.close()
	s.logs.close()
	s.messages.close()
}

// Totals returns what has been counted.
func (s *Server) Totals() Totals {
	return Totals{Alerts: s.alerts.count(), Logs: s.logs.count(), Messages: s.messages.count(), Refused: s.refused.Load()}
}

// HealthCheck returns the number it is given.
func (s *Server) HealthCheck(_ context.Context, m *feeder.NonceMessage) (*feeder.ReplyMessage, error) {
	return &feeder.ReplyMessage{Retval: m.GetNonce()}, nil
}

// WatchAlerts sends alerts until the client or the server ends; none to who wants logs alone.
func (s *Server) WatchAlerts(r *feeder.RequestMessage, to grpc.ServerStreamingServer[feeder.Alert]) error {
	selected, err := s.selector(r)
	if err != nil || r.GetFilter() == FilterSystem {
		return err
	}
	return watch(s, s.alerts, to, to.Send, func(m *feeder.Alert) bool { return selected.Matches(m) })
}

// WatchLogs sends logs until the client or the server ends; none to who wants alerts alone.
func (s *Server) WatchLogs(r *feeder.RequestMessage, to grpc.ServerStreamingServer[feeder.Log]) error {
	selected, err := s.selector(r)
	if err != nil || r.GetFilter() == FilterPolicy {
		return err
	}
	return watch(s, s.logs, to, to.Send, func(m *feeder.Log) bool { return selected.Matches(m) })
}

// WatchMessages sends messages until the client or the server ends.
func (s *Server) WatchMessages(r *feeder.RequestMessage, to grpc.ServerStreamingServer[feeder.Message]) error {
	if _, err := s.selector(r); err != nil {
		return err
	}
	return watch(s, s.messages, to, to.Send, func(*feeder.Message) bool { return true })
}

func (s *Server) selector(r *feeder.RequestMessage) (*Selector, error) {
	selected, err := NewSelector(r)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if !s.limits.Select && !selected.all() {
		return nil, status.Error(codes.InvalidArgument, "events are selected by the relay: ask it, or leave the fields out")
	}
	return selected, nil
}

func watch[M proto.Message](s *Server, t *topic[M], stream grpc.ServerStream, send func(M) error, wanted func(M) bool) error {
	defer s.watching.Add(-1)
	if n := s.watching.Add(1); n > int64(s.limits.Subscribers) {
		s.refused.Add(1)
		return status.Errorf(codes.ResourceExhausted, "there are %d subscribers already: end one of them, or raise the limit", s.limits.Subscribers)
	}
	q, last := t.subscribe()
	defer t.leave(q)
	if err := stream.SendHeader(metadata.Pairs(HeaderServer, s.id, HeaderLast, strconv.FormatUint(last, 10))); err != nil {
		return err
	}
	for {
		m, ok := t.next(stream.Context(), q)
		if !ok {
			break
		}
		if !wanted(m) {
			continue
		}
		if err := send(m); err != nil {
			return err
		}
		t.sent()
	}
	if err := stream.Context().Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	return status.Error(codes.Unavailable, "the server ends: connect again")
}
