// Package lab boots throw-away virtual machines with real kernels and runs
// commands in them as root: what the command prints arrives separately and
// live, its exit status is the guest's word.
//
//	code, err := lab.Run(ctx, lab.Config{Kernel: "6.12", Command: []string{"uname", "-r"}, Stdout: os.Stdout})
//
// A boot costs about ten seconds, so boot once and run many cases: Boot returns
// a Guest that runs any number of commands, and Test builds a package's test
// binary and runs it inside. Callers are the guest tests of the agent and of the
// BPF programs, e2e tests, and the command `lab`.
//
// The machine is emulated and cut off from the network. Kernels and file systems
// come from Debian packages and are kept in a cache (package cache). Several labs
// may run at once.
package lab
