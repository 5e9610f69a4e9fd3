// Package event holds what the system tells about containers and hosts: alerts,
// which concern a policy, and logs, which only observe.
//
// It owns the names of their fields and of the values in them, in Go, in JSON and in
// the text form of `karmor logs`. The agent fills them, the relay filters and
// exports them, karmor prints them.
package event
