// Package lifecycle locks a node on purpose, and gets it back in each of the ways there are.
//
// .ci/guest-lifecycle builds the agent and runs it in a guest.
package lifecycle
