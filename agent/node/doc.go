// Package node is what there is one of on a node: the agent, by a lock, and the switches that
// an administrator turns it off with when it locks a node out. It knows nothing of enforcers.
package node
