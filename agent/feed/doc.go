// Package feed serves what an agent has to tell on its unix socket: events as LogService, its
// health as grpc.health.v1, and its metrics by HTTP under /metrics.
//
// The agent's commands publish into it. It is read by the node's relay.
package feed
