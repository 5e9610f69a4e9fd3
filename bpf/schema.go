//go:build !schema_next

package bpf

// Schema is the version of what is pinned and recorded: moved when an agent of the version
// before could not read what this one leaves behind, or the other way round.
const Schema = 1
