// Package mutants takes parts of the enforcer's programs away, one at a time, and expects the tests in a
// guest to notice. Mutants lists them; a part that no test misses is not tested.
package mutants
