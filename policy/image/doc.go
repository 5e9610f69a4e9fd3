// Package image compiles a policy.Profile into the bytes that the BPF programs
// interpret: an automaton over path bytes, and decision tables filled by the
// reference evaluator itself. Nothing in the kernel composes policies: it runs a
// path through the automaton, follows a few yes/no questions about the caller and
// arrives at a decision that policy.Judge took beforehand.
//
// The layout below is the only definition of the format. The C header
// bpf/headers/image.h is generated from it (go generate in this package).
// The agent loads images; tests run them natively and compare them with Decide.
package image
