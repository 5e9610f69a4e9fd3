// Package serve is the relay as a whole: the agent's events taken in, handed out to clients over
// the network as LogService, with health and metrics.
package serve
