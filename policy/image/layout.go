package image

// An image is a sequence of little-endian 32-bit words. Offsets in it are in words
// from its first word, so it can stand anywhere in a slab.

// Version changes with the format. Programs refuse an image of another version.
const Version = 8

// Size of a slab in bytes: the largest image, and the size of the one map value that
// the programs index with a constant mask (KMALLOC_MAX_SIZE on x86-64 with 4 KiB pages).
const SlabBytes = 4 << 20

// SlabWords is the size of a slab in words.
const SlabWords = SlabBytes / 4

// MaxPath is the longest name the automaton is run over, in bytes.
const MaxPath = 4096

// Words of the header, by index.
const (
	HeaderMagic            = iota // Magic
	HeaderVersion                 // Version
	HeaderWords                   // length of the image in words
	HeaderFlags                   // Flag*
	HeaderFileStart               // state in which the automaton over file names starts
	HeaderExecStart               // the one over program names
	HeaderNameStart               // the one over the name a program was started by
	HeaderFirstSink               // states from this one on lead back to themselves on every byte
	HeaderCells                   // offset of the cells: {check, next} each; see automaton.Packed
	HeaderFileWords               // offset of the file table: [set][FileOps] decision words
	HeaderExecWords               // offset of the program table: [set][columns] decision words
	HeaderExecColumns             // columns of the program table: see ColumnOther
	HeaderNodes                   // offset of the questions: {condition, yes, no} each
	HeaderSocketWords             // offset of the socket table: SocketClasses decision words
	HeaderCapabilityWords         // offset of the capability table: CapabilityWords decision words
	HeaderOutcomes                // offset of the outcomes: {flags} one word each
	HeaderUnnamedFileWords        // offset of FileOps decision words for a file without a name
	HeaderUnnamedExecWord         // decision word for a program without a name
	HeaderSourceStart             // state in which the automaton over the names of callers' programs starts
	HeaderSourceSets              // how many sets it accepts: the classes of deleted programs follow
	HeaderSourceFlags             // offset of the flags of each class of programs: Source*
	HeaderTraceWords              // offset of the decision words on ptracing a program of each class
	HeaderOutsideWord             // the one on ptracing a task outside of the container
	HeaderFilelessSet             // row of the program table for a program that is no file
	HeaderMemoryWord              // outcome of making memory executable
	HeaderNumCells                // for the reader's bounds
	HeaderNumNodes
	HeaderNumOutcomes
	HeaderExecClasses     // offset of the classes (see FileClass) of each set of the program table
	HeaderFileMoves       // offset of the table of what a move gives away, by file rules: see MoveConstant
	HeaderExecMoves       // likewise by process rules
	HeaderHandleRead      // outcome, besides that of the rules, of opening a file by handle for reading
	HeaderHandleWrite     // likewise for writing, or changing it
	HeaderHandleExec      // likewise of executing one
	HeaderForeign         // outcome of mounting a file system of other files
	HeaderEndpoint4Start  // state in which the automaton over IPv4 endpoints starts
	HeaderEndpoint6Start  // the one over IPv6 endpoints
	HeaderEndpointColumns // offset of the columns of the endpoint table: [direction][SocketClasses]
	HeaderEndpointWidth   // columns that the table has
	HeaderEndpointWords   // offset of the endpoint table: [row][column] decision words
	HeaderEndpointRows    // the last row is for what has no such address
	HeaderArgumentStart   // state in which the automaton over an argument, behind a slash, starts: it accepts bits of lists
	HeaderSyscallWords    // offset of the system call table: SyscallRows decision words; without FlagSyscalls there is none
	HeaderFreeUses        // bits, direction*SocketClasses+class: such uses of sockets are allowed and not reported, whatever the endpoint

	HeaderSize = 48
)

// Magic is the first word of an image: "KAIM".
const Magic = 0x4d49414b

// The cell that a state's number names is that of byte 0 in its row. CellRecordColumn cells
// further stands the state's record, whose check word is CellRecord and what the state
// accepts. CellEmpty is the check word of a cell that belongs to no state.
const (
	CellRecordColumn = 256
	CellRecord       = 1 << 31
	CellEmpty        = 0xffffffff
)

// Flags of an image.
const (
	FlagFile         = 1 << iota // some rule of the file category: else opens are not looked at
	FlagExec                     // likewise of the process category
	FlagNetwork                  // likewise
	FlagCapabilities             // likewise
	FlagOwner                    // some question asks for the owner
	FlagTTY                      // some question asks for the controlling terminal
	FlagStartedBy                // the program table has columns for names programs are started by
	FlagNames                    // some rule keeps a file from getting another name
	FlagSources                  // some rule has fromSource: the class of the caller's program is needed
	FlagTrace                    // some task may not ptrace some other
	FlagEgress                   // connecting and sending to addresses is judged
	FlagIngress                  // likewise binding and accepting
	FlagArguments                // some rule has allowedArgs: the arguments of an exec are read
	FlagMappings                 // some file may not be mapped executable
	FlagMemory                   // some rule is about making memory executable
	FlagOtherTask                // some question asks for the /proc entry of another task
	FlagSyscalls                 // some system call is reported
)

// Flags of a class of programs.
const (
	SourceSecure = 1 << iota // its exec is made secure
)

// Operations of the file table.
const (
	FileRead = iota
	FileWrite
	FileMove  // renaming or exchanging, as far as one of the names is concerned
	FileClass // no word: the classes of HeaderFileMoves, as the old name in the upper bits and as the new one
	FileOps
)

// MoveColumnBits of a class word are the new class.
const MoveColumnBits = 12

// A table of moves begins with two words for each old class, the second for a directory: the
// outcome for all new classes with MoveConstant, or where in the table the outcomes by new
// class stand.
const MoveConstant = 1 << 31

// Columns of the program table. The automaton over the last component of the name that was
// given to exec accepts the column; ColumnOther is any name no rule speaks of.
const (
	ColumnOther   = 0
	ColumnHidden  = 1 // started by descriptor
	ColumnMapping = 2 // not started: mapped executable
	ColumnLoader  = 3 // not started: the ELF loader of what is
	ColumnFirst   = 4
)

// A decision word is an outcome's index, or WordNode plus the index of a question.
const WordNode = 1 << 31

// Conditions a question asks for; the kernel evaluates them once for an operation.
const (
	ConditionOwner        = iota // the caller's fsuid owns the file
	ConditionTTY                 // the caller has a controlling terminal
	ConditionEntered             // the caller came into the container from outside, after its start
	ConditionOtherTask           // the file is below the /proc entry of another task
	ConditionOtherEnviron        // and it is that task's environment
	// From here on: every argument after the first is in the list of that number.
	ConditionArguments

	// From here on: the class of the caller's program is at least that many further.
	ConditionSource = 32
)

// ArgumentLists are the bits of all lists of arguments.
const ArgumentLists = 1<<24 - 1

// Flags of an outcome. Outcome 0 is "allowed, no event".
const (
	OutcomeDeny   = 1 << iota // the operation is denied
	OutcomeReport             // it gives an event
	// OutcomeRank is the unit of the upper bits: of the decisions on parts of one operation
	// the one that ranks higher holds.
	OutcomeRank
)

// MaxQuestions bounds the questions followed for one operation.
const MaxQuestions = 64

// Socket classes: what the kernel makes of (family, type, protocol); see
// policy.ClassifySocket. Raw classes follow the plain ones in the same order.
const (
	SocketTCP = iota
	SocketUDP
	SocketICMP
	SocketICMPv6
	SocketSCTP
	SocketOtherProtocol // AF_INET and AF_INET6 with any other protocol
	SocketRaw           // + the class without raw: SOCK_RAW of that protocol
)

const (
	SocketPacket      = 2 * SocketRaw   // AF_PACKET
	SocketOtherFamily = 2*SocketRaw + 1 // every other family but unix, netlink and XDP
	SocketXDP         = 2*SocketRaw + 2 // AF_XDP
	SocketClasses     = 16
	SocketOutOfScope  = 0xff // unix, netlink: not judged
)

// Directions of operations on endpoints.
const (
	DirectionEgress = iota
	DirectionIngress
	Directions
)

// CapabilityWords is the length of the capability table; numbers beyond it are denied
// by an allow-list's posture word, which stands at the last index.
const CapabilityWords = 64

// Rows of the system call table: the numbers of each way to make one, a way behind the other;
// see syscalls.Way. They are a multiple of 64.
const (
	SyscallNative  = 0    // 512 numbers
	SyscallX32     = 512  // 576, without bit 30
	SyscallI386    = 1088 // 512
	SyscallSockets = 1600 // 32 first arguments of i386's socketcall
	SyscallIPC     = 1632 // likewise of its ipc
	SyscallRows    = 1664
)

// Numbers of i386's calls that stand for many.
const (
	NumberSocketcall = 102
	NumberIPC        = 117
)

// SelfMarker stands before the pid in the name of a file below the caller's own
// /proc entry: such a file has two names, and the automaton follows both.
const SelfMarker = 0x00
