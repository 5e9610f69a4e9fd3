//go:build set_patched

package bpf

// variant tells the set of a build from the same programs: `make test-upgrade` changes to it as to
// a patched version, of the same schema.
const variant = "-patched"
