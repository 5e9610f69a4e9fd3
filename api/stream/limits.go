package stream

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Limits bound what subscribers can make a server hold.
type Limits struct {
	Subscribers int  // streams at once
	QueueEvents int  // events that wait for one subscriber
	QueueBytes  int  // bytes of these events, as they are encoded
	EventBytes  int  // of one event; a larger one is lost for everybody
	Select      bool // requests may select events by their fields; false refuses them
}

// DefaultLimits fit a node's stream: 64 subscribers that are stuck hold 128 MiB.
var DefaultLimits = Limits{Subscribers: 64, QueueEvents: 8192, QueueBytes: 2 << 20, EventBytes: 128 << 10, Select: true}

// Bounds of a connection. Requests are a few hundred bytes.
const (
	maxRequestBytes = 16 << 10
	maxHeaderBytes  = 16 << 10
	maxStreams      = 16 // of one connection; a client needs three and health checks
	connectTimeout  = 10 * time.Second
	silence         = 30 * time.Second // after which it is asked whether a client is still there
	answerTimeout   = 10 * time.Second
)

// Bounds returns the options that every server of LogService has.
func Bounds() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequestBytes),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(connectTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: silence, Timeout: answerTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: answerTimeout, PermitWithoutStream: true}),
	}
}
