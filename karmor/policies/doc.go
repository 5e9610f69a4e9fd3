// Package policies is the group of commands `karmor policy`: what can be said about
// policies from files alone, without a cluster and without root. It reads files, calls
// package policy and those below it, and prints; what policies mean is decided there.
package policies
