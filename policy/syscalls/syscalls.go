package syscalls

import (
	"slices"
	"strings"
)

// Way is a way to make a system call.
type Way uint8

const (
	Native  Way = iota // of 64-bit programs
	X32                // numbers with bit 30
	I386               // of 32-bit programs
	Sockets            // a socketcall of 32-bit programs: the number is its first argument
	IPC                // likewise an ipc
)

// Ways are all of them.
func Ways() []Way { return []Way{Native, X32, I386, Sockets, IPC} }

// Convention names the calling convention as the kernel's tables do; empty for the native one.
func (w Way) Convention() string { return [...]string{"", "x32", "i386", "i386", "i386"}[w] }

// Numbers bounds the numbers of a way: no call has a larger one.
const Numbers = 512

// X32Numbers bounds those of X32.
const X32Numbers = 576

// Multiplexed bounds the numbers of Sockets and IPC.
const Multiplexed = 32

// Name returns the name of the call with a number, empty where there is none. Where a 32-bit
// call differs from another in the width of what it is given and has no name of its own in
// policies, it has that one's: chown32 is chown.
func Name(way Way, number int) string {
	switch way {
	case Native:
		return amd64(number)
	case X32:
		return x32(number)
	case I386:
		return byPolicies(i386(number))
	case Sockets:
		return socketcall(number)
	case IPC:
		return ipc(number)
	}
	return ""
}

// Known says whether a call that policies have that name for can be made on x86-64.
func Known(name string) bool { return name == "llseek" || named(name) && byPolicies(name) == name }

// byPolicies turns a name of i386 into the one that policies have for it.
func byPolicies(name string) string {
	switch name {
	case "_llseek":
		return "llseek"
	case "_newselect":
		return "select"
	case "ugetrlimit":
		return "getrlimit"
	case "oldstat", "oldfstat", "oldlstat", "olduname":
		return strings.TrimPrefix(name, "old")
	case "oldolduname":
		return "uname"
	case "socketcall", "ipc":
		return "" // see Sockets and IPC
	}
	return strings.TrimSuffix(name, "32")
}

// x32 has the numbers of 64-bit programs, but for the calls that get pointers or longs in memory:
// those have numbers of their own from 512 on, which are a closed list.
func x32(number int) string {
	own := x32Own()
	if number >= Numbers && number < Numbers+len(own) {
		return own[number-Numbers]
	}
	if name := amd64(number); !slices.Contains(own, name) {
		return name
	}
	return "" // it has another number
}

// x32Own are those of arch/x86/entry/syscalls/syscall_64.tbl.
func x32Own() []string {
	return []string{
		"rt_sigaction", "rt_sigreturn", "ioctl", "readv", "writev", "recvfrom", "sendmsg", "recvmsg", "execve",
		"ptrace", "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo", "sigaltstack", "timer_create", "mq_notify",
		"kexec_load", "waitid", "set_robust_list", "get_robust_list", "vmsplice", "move_pages", "preadv", "pwritev",
		"rt_tgsigqueueinfo", "recvmmsg", "sendmmsg", "process_vm_readv", "process_vm_writev", "setsockopt",
		"getsockopt", "io_setup", "io_submit", "execveat", "preadv2", "pwritev2",
	}
}

// socketcall names what socketcall(2) does by its first argument: include/uapi/linux/net.h.
func socketcall(number int) string {
	switch number {
	case 1:
		return "socket"
	case 2:
		return "bind"
	case 3:
		return "connect"
	case 4:
		return "listen"
	case 5:
		return "accept"
	case 6:
		return "getsockname"
	case 7:
		return "getpeername"
	case 8:
		return "socketpair"
	case 9, 11: // send, which is sendto without an address, and sendto
		return "sendto"
	case 10, 12:
		return "recvfrom"
	case 13:
		return "shutdown"
	case 14:
		return "setsockopt"
	case 15:
		return "getsockopt"
	case 16:
		return "sendmsg"
	case 17:
		return "recvmsg"
	case 18:
		return "accept4"
	case 19:
		return "recvmmsg"
	case 20:
		return "sendmmsg"
	}
	return ""
}

// ipc names what ipc(2) does by its first argument: include/uapi/linux/ipc.h.
func ipc(number int) string {
	switch number {
	case 1:
		return "semop"
	case 2:
		return "semget"
	case 3:
		return "semctl"
	case 4:
		return "semtimedop"
	case 11:
		return "msgsnd"
	case 12:
		return "msgrcv"
	case 13:
		return "msgget"
	case 14:
		return "msgctl"
	case 21:
		return "shmat"
	case 22:
		return "shmdt"
	case 23:
		return "shmget"
	case 24:
		return "shmctl"
	}
	return ""
}
