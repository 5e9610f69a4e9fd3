// Package exercise shows the product at work on real nginx in a real container: it
// applies the samples web-app-audit and web-app-hardened as they are, does what an
// intruder would do, and says line by line whether what the policies promise came true.
//
// Run does it on this machine, whose own kernel must be able to enforce; RunInGuest boots
// a throw-away machine that can, and runs the same program in it. The command
// e2e/cmd/demo is the caller. Below lie the parts that the guest tests use as well:
// containers (package container), the agent (package agent), waiting (package await).
package exercise
