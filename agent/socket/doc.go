// Package socket is the agent's one door: a unix socket that only root and one group may
// connect to, for a bounded number of connections that speak gRPC or HTTP.
//
// Who connects is asked of the kernel, not of the client, before a byte is read. Then four bytes
// tell which of the two protocols a connection speaks; what speaks neither is closed. Every
// refusal is counted.
package socket
