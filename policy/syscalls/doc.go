// Package syscalls knows the names of the system calls that a program on x86-64 can make, in each
// of the three ways there are: as a 64-bit program, by the x32 convention, and as a 32-bit one
// (int 0x80, whatever the program is). The same call has another number in each.
//
// The image's compiler fills its table by it, policy.Supports says by it which names there are,
// and the agent names the calls of events.
package syscalls

//go:generate go run ./gen ../../agent names.go
