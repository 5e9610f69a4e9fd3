// Package protected is the set of programs and start-up files that host policies never
// deny: without them a node is lost, and no policy could be mended any more. Nothing here
// applies to containers. `protectSystem: false` in the configuration lifts it.
//
// It owns the data, with a reason per entry, and the warning for policies that name one.
// The agent exempts the set, `karmor policy protected` prints it, validate and lint warn.
package protected
