// Package stream serves events to subscribers: LogService as both the agent and the relay
// have it.
//
// Whoever publishes never waits. Each subscriber has a queue with a bound on its events and their
// bytes; what does not fit is lost for that subscriber and counted, and the next event it gets
// says how many were lost before it. What a request selects is judged by the goroutine of its own
// subscriber, so that a costly pattern delays nobody else.
package stream
