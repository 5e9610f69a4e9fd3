// Package policy says what a policy means, without a kernel, a cluster or a clock.
//
// A policy object or file goes through Parse (strict, errors carry field paths),
// Selector.Selects (does it concern this container?), NewProfile (all rules that
// concern one container, resolved against its root and ordered; equal inputs give
// equal bytes and one hash) and ends in Decide, the reference evaluator. Every
// enforcer is compiled from the same Profile and is tested against Decide.
//
// The agent, karmor and the operator call this package; it calls nothing but api.
package policy
