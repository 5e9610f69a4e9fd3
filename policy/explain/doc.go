// Package explain answers what policies decide about one operation, as people ask it:
// "exec /bin/sh", "connect tcp 10.0.0.1:443". It turns the question into the operations
// that the kernel would judge (an exec of a script is judged image by image, a connection
// needs a socket first), asks the reference evaluator about each and says which decides.
//
// It owns the wording of questions and answers. `karmor policy explain`, the tables of
// package policytest and package lint call it; it calls policy and protected.
package explain
