// Package random makes policies and operations from a seed, for the tests that compare
// enforcers with the reference evaluator. Names are drawn from a small tree, so that rules
// and operations meet often. It is called by tests and benchmarks only.
package random
