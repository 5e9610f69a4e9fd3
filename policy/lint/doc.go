// Package lint finds what is valid in a policy and will hurt: rules that never decide,
// allow-lists that a program can't start under, names that mean something else than they
// seem to. Findings have codes that stay; a finding is a warning if the policy should be
// changed, and a note if its author should only know.
//
// It owns the checks and a small reviewed table of what known programs need. `karmor policy
// lint` calls it; it asks packages policy and explain what policies decide and decides
// nothing itself.
package lint
