// Package lifecycle changes the agent for another version under load, locks a node on purpose, and
// gets it back in each of the ways there are.
//
// .ci/test-upgrade builds the agents and runs the tests in a guest.
package lifecycle
