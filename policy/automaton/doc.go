// Package automaton compiles the path rules of a profile into one deterministic
// automaton over bytes, which says in one pass over a name which rules match it.
// The BPF enforcer runs it in the kernel (Pack), user space runs it for the same
// answers (Match).
//
// Exact paths and directories are a trie whose default transitions lead into the
// directory a state lies in, so they cost time and states in proportion to their
// length. Globs are determinised, together with the trie and only as far as a name
// can lead. Patterns of one contest that can not count any more are forgotten on the way,
// which keeps globs from multiplying. Building is bounded by Caps: a set of patterns that would need more is
// refused with a TooComplexError, by the same compiler wherever it runs.
//
// The same patterns, in any order, give the same automaton, byte for byte: states
// are numbered by a breadth-first walk, with those that nothing leads out of last.
//
// The package owns the automaton, its limits and its packed form; the enforcer's
// compiler in package policy decides which patterns go into one and what the
// pattern IDs stand for.
package automaton
