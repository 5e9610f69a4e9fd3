// Package intake takes the events of the node's agent over its socket, and hands them to the
// relay's subscribers.
//
// When the agent ends it is tried again, ever more slowly. The numbers of events tell what was
// lost meanwhile.
package intake
