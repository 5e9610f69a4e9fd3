// Package hooks measures what enforcement adds to whole system calls: open and close, a
// write, creating a socket, executing a program; in a guest whose clock counts
// instructions, so that two runs give the same figures to the instruction. Beside the
// product it measures AppArmor with the same rules, and a kernel with neither.
//
// It owns the load (load.c), the policies in both languages, and the scenarios. Command
// bench is its only caller.
package hooks
