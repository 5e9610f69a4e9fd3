// Package stream holds what is shown of the event stream as a whole: from the agent's socket by a
// relay with mutual TLS to what karmor prints. It needs no kernel that enforces.
package stream
