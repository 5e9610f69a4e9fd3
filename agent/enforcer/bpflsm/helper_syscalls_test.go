package bpflsm

import (
	"encoding/binary"

	"kubearmor.io/policy/syscalls"
)

// madeCall is a system call as a program's code makes it.
type madeCall struct {
	way    syscalls.Way
	number uint32
	first  uint32 // argument
}

// code is machine code that makes the call: mov eax, number; mov edi (ebx), first; syscall (int 0x80).
func (c madeCall) code() string {
	number, with, enter := c.number, "\xbf", "\x0f\x05"
	switch c.way {
	case syscalls.X32:
		number |= 1 << 30
	case syscalls.I386:
		with, enter = "\xbb", "\xcd\x80"
	}
	word := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	return "\xb8" + word(number) + with + word(c.first) + enter
}
