// Package attacks tries to get round policies from inside a container: by other names for a
// file, other roots, mounts and namespaces, other system calls, other cgroups, and by having been
// there before the agent. Each way is tried twice: without a policy it must succeed, or it would
// show nothing; with the policy in force it must fail. Ways that this version leaves open, as
// docs/limits.md says, are tried too, and must be moved out of that list when they are closed.
//
// The tests have the build tag guest and run in a guest of the lab, all in one boot:
//
//	GOFLAGS=-tags=guest bin/lab test --image busybox e2e/guesttest/attacks
package attacks
