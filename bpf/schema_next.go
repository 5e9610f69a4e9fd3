//go:build schema_next

package bpf

// Schema of a version to come: `make test-upgrade` goes up to it and down again.
const Schema = 2
