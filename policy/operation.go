package policy

import "net/netip"

// OpKind is what a task asks the kernel to do.
type OpKind uint8

const (
	OpExec       OpKind = iota // one program image of an exec: the program, a script, an interpreter
	OpLoader                   // the ELF loader of a program that is exec'ed
	OpMapExec                  // making a file mapping executable
	OpAnonExec                 // making anonymous or private-dirty memory executable
	OpRead                     // opening for reading, reading a directory
	OpWrite                    // every row of "file, write"; Change says which where it matters
	OpSocket                   // creating a socket
	OpConnect                  // connecting or sending to Address: egress
	OpBind                     // binding to Address: ingress
	OpAccept                   // accepting on Address: ingress
	OpCapability               // a capability check
	OpSyscall                  // a system call, for audit
)

// Category returns the category whose rules judge the operation.
func (k OpKind) Category() Category {
	switch k {
	case OpExec, OpLoader, OpMapExec, OpAnonExec:
		return Process
	case OpRead, OpWrite:
		return File
	case OpSocket, OpConnect, OpBind, OpAccept:
		return Network
	case OpCapability:
		return Capabilities
	}
	return Syscalls
}

// Change tells those writes apart that give a file another name or hide it.
type Change uint8

const (
	ChangeContent  Change = iota // everything that leaves names alone
	ChangeRemove                 // unlink, rmdir
	ChangeRename                 // Names becomes To
	ChangeExchange               // Names and To change places
	ChangeLink                   // To becomes another name of Names
	ChangeMount                  // being mounted on, moved or unmounted
	// ChangeForeign is mounting a file system that shows other files under inodes of its own.
	ChangeForeign
)

// Names are the names under which a file is judged. All are absolute and without links.
type Names struct {
	// Origin names come from the mounts the container was set up with. Usually one; a
	// file below the caller's own /proc entry has two, with the pid and with "self". None
	// where the file should have a name and has none. On a superblock that the container
	// mounted itself the caller puts the seen name here for file operations, and into Seen
	// for a program, which then matches no Allow.
	Origin []string
	// Seen are further names: through the container's mounts, or the last one of a
	// deleted file. Only Block and Audit look at them.
	Seen []string
	// Cut says that the name is longer than PATH_MAX: Seen holds its first 4,096 bytes,
	// and directory rules of Block and Audit alone judge it.
	Cut bool
	// Deleted says that the file has no name any more: Seen holds the one it had last.
	Deleted bool
}

// Name returns the names of an ordinary file.
func Name(path string) Names { return Names{Origin: []string{path}} }

// Operation is one operation with all that a decision depends on, given as data.
type Operation struct {
	Kind  OpKind
	Names Names // of the file, for process and file operations

	// Source is the program of the task that makes the call, as recorded at its last exec.
	Source Names
	// Owner: the caller's fsuid owns the file.
	Owner bool
	// TTY: the caller has a controlling terminal.
	TTY bool

	// StartedBy is the last component of the name that was given to exec, for an
	// interpreter of that in the #! line or the binfmt entry. ByDescriptor says that it was
	// started by descriptor, which hides that name.
	StartedBy    string
	ByDescriptor bool
	// Args are the arguments after the first; ArgsUnreadable: they can't be read whole.
	Args           []string
	ArgsUnreadable bool
	// Entered: an exec by a task that enters the container from outside, after its start.
	Entered bool

	// NotFile: a pipe, socket, anonymous inode or memfd, which file rules never judge.
	NotFile bool
	// OtherTask: the file is below the /proc entry of a task other than the caller,
	// wherever that proc file system is mounted.
	OtherTask bool
	// ByHandle: the file was opened by handle (open_by_handle_at), not by name.
	ByHandle bool
	// SetUp: the caller sets the container up, by a program that the container can't reach.
	SetUp bool
	// Change says what a write does to names.
	Change Change
	// Dir: the file of a rename, exchange or link is a directory.
	Dir bool
	// To is the second name of a rename, exchange or link. It is written as well, so one
	// operation is judged under both.
	To Names

	Family   int // AF_*
	SockType int // SOCK_*, without flags
	Protocol int // IPPROTO_*; 0 is the type's default
	Address  netip.AddrPort

	Capability Capability
	// Silent marks a capability check that is decided alike, without an event.
	Silent bool

	Syscall string
}
