package image

import "strings"

// Interpret does in Go what the programs in the kernel do with an image. Tests compare
// the two, and both with the reference evaluator.
type Interpret struct{ Words []uint32 }

// Caller answers the questions of an image.
type Caller struct {
	Owner, TTY bool
	Entered    bool // it came in from outside
	// OtherTask: the file is below the /proc entry of another task; Environ: it is that task's
	// environment.
	OtherTask, Environ bool
	Source             uint32 // the class of its program, as Source returns it
	Arguments          uint32 // of an exec: the lists that all are in, as Arguments returns them
}

// Arguments returns the lists that every argument is in, as bits: none where some can't be read.
func (m Interpret) Arguments(args []string, unreadable bool) uint32 {
	if unreadable {
		return 0
	}
	lists := uint32(ArgumentLists)
	for _, arg := range args {
		lists &= m.run(m.Words[HeaderArgumentStart], argumentPrefix+arg)
	}
	return lists
}

func (who Caller) answers(condition uint32) bool {
	switch {
	case condition >= ConditionSource:
		return who.Source >= condition-ConditionSource
	case condition >= ConditionArguments:
		return who.Arguments>>(condition-ConditionArguments)&1 != 0
	}
	return [...]bool{
		ConditionOwner: who.Owner, ConditionTTY: who.TTY, ConditionEntered: who.Entered,
		ConditionOtherTask: who.OtherTask, ConditionOtherEnviron: who.Environ,
	}[condition]
}

// Source returns the class of a program by the name it had when it was executed: empty for
// one that had none. deleted: that was the last one it had.
func (m Interpret) Source(name string, deleted bool) uint32 {
	if name == "" {
		return 0
	}
	class := m.run(m.Words[HeaderSourceStart], name)
	if deleted {
		class += m.Words[HeaderSourceSets]
	}
	return class
}

// Secures says whether the exec of a program of a class is made secure.
func (m Interpret) Secures(class uint32) bool {
	return m.at(HeaderSourceFlags, class)&SourceSecure != 0
}

// Trace returns the outcome of ptracing a program of a class.
func (m Interpret) Trace(target uint32, who Caller) uint32 {
	return m.follow(m.at(HeaderTraceWords, target), who)
}

// Outside returns the outcome of ptracing a task outside of the container.
func (m Interpret) Outside() uint32 { return m.follow(m.Words[HeaderOutsideWord], Caller{}) }

// File returns the outcome of a file operation (FileRead or FileWrite) on a name. An empty
// name is a file that has none.
func (m Interpret) File(name string, op int, who Caller) uint32 {
	set := uint32(0)
	if name != "" {
		set = m.run(m.Words[HeaderFileStart], name)
	}
	return m.follow(m.at(HeaderFileWords, set*FileOps+uint32(op)), who)
}

// Move is a rename, exchange or link of a file to another name; an empty name is none.
type Move struct {
	From, To string
	Exchange bool
	Link     bool
	Dir      bool
}

// Move returns the outcome of giving a file another name.
func (m Interpret) Move(move Move, who Caller) uint32 {
	op := FileMove
	if move.Link {
		op = FileWrite
	}
	worst := m.graver(m.File(move.From, op, who), m.File(move.To, op, who))
	if move.From == move.To {
		return worst // nothing gets another name
	}
	worst = m.graver(worst, m.gives(move.From, move.To, move.Dir))
	if move.Exchange {
		worst = m.graver(worst, m.gives(move.To, move.From, move.Dir))
	}
	return worst
}

// gives returns the outcome of what is blocked under the one name having the other.
func (m Interpret) gives(from, to string, dir bool) uint32 {
	file := func(name string) uint32 { return m.at(HeaderFileWords, m.set(HeaderFileStart, name)*FileOps+FileClass) }
	program := func(name string) uint32 { return m.at(HeaderExecClasses, m.set(HeaderExecStart, name)) }
	return m.graver(m.pair(HeaderFileMoves, file(from), file(to), dir), m.pair(HeaderExecMoves, program(from), program(to), dir))
}

// pair looks two class words up.
func (m Interpret) pair(table int, from, to uint32, dir bool) uint32 {
	row := 2 * (from >> MoveColumnBits)
	if dir {
		row++
	}
	at := m.at(table, row)
	if at&MoveConstant != 0 {
		return at &^ MoveConstant
	}
	return m.at(table, at+to&(1<<MoveColumnBits-1))
}

func (m Interpret) set(start int, name string) uint32 {
	if name == "" {
		return 0
	}
	return m.run(m.Words[start], name)
}

// graver returns the outcome that ranks higher.
func (m Interpret) graver(a, b uint32) uint32 {
	if m.at(HeaderOutcomes, b) > m.at(HeaderOutcomes, a) {
		return b
	}
	return a
}

// Program returns the outcome of executing a program by the name it was started by; hidden
// says that it was started by descriptor. An empty name is a program that is no file.
func (m Interpret) Program(name, startedBy string, hidden bool, who Caller) uint32 {
	set := m.Words[HeaderFilelessSet]
	if name != "" {
		set = m.run(m.Words[HeaderExecStart], name)
	}
	column := m.run(m.Words[HeaderNameStart], startedBy)
	if hidden {
		column = ColumnHidden
	}
	return m.follow(m.at(HeaderExecWords, set*m.Words[HeaderExecColumns]+column), who)
}

// Mapping returns the outcome of mapping a file executable, in a column for that.
func (m Interpret) Mapping(name string, column uint32, who Caller) uint32 {
	set := uint32(0)
	if name != "" {
		set = m.run(m.Words[HeaderExecStart], name)
	}
	return m.follow(m.at(HeaderExecWords, set*m.Words[HeaderExecColumns]+column), who)
}

// Memory returns the outcome of making memory executable.
func (m Interpret) Memory() uint32 { return m.Words[HeaderMemoryWord] }

// Socket returns the outcome of creating a socket of a class.
func (m Interpret) Socket(class int, who Caller) uint32 {
	return m.follow(m.at(HeaderSocketWords, uint32(class)), who)
}

// Endpoint returns the outcome of an operation in a direction, by a socket of a class, on an
// endpoint; see EndpointBytes.
func (m Interpret) Endpoint(direction, class int, endpoint []byte, who Caller) uint32 {
	if m.Words[HeaderFreeUses]>>(direction*SocketClasses+class)&1 != 0 {
		return 0
	}
	row := m.Words[HeaderEndpointRows] - 1
	switch len(endpoint) {
	case 4 + portBytes:
		row = m.run(m.Words[HeaderEndpoint4Start], string(endpoint))
	case 16 + portBytes:
		row = m.run(m.Words[HeaderEndpoint6Start], string(endpoint))
	}
	column := m.at(HeaderEndpointColumns, uint32(direction*SocketClasses+class))
	return m.follow(m.at(HeaderEndpointWords, row*m.Words[HeaderEndpointWidth]+column), who)
}

// Capability returns the outcome of a capability check.
func (m Interpret) Capability(n int, who Caller) uint32 {
	return m.follow(m.at(HeaderCapabilityWords, uint32(min(n, CapabilityWords-1))), who)
}

// Syscall returns the outcome of the system call of a row.
func (m Interpret) Syscall(row int, who Caller) uint32 {
	if m.Words[HeaderFlags]&FlagSyscalls == 0 {
		return 0
	}
	return m.follow(m.at(HeaderSyscallWords, uint32(row)), who)
}

func (m Interpret) at(header int, index uint32) uint32 { return m.Words[m.Words[header]+index] }

// run runs the automaton from a state over a name and returns what the last state accepts.
func (m Interpret) run(state uint32, name string) uint32 {
	for i := 0; i < len(name); i++ {
		cell := 2 * (state + uint32(name[i]))
		if m.at(HeaderCells, cell) == state {
			state = m.at(HeaderCells, cell+1)
			continue
		}
		if state = m.at(HeaderCells, 2*(state+CellRecordColumn)+1); state >= m.Words[HeaderFirstSink] {
			break
		}
	}
	return m.at(HeaderCells, 2*(state+CellRecordColumn)) &^ CellRecord
}

// follow asks questions until an outcome is reached.
func (m Interpret) follow(word uint32, who Caller) uint32 {
	for word&WordNode != 0 {
		q := 3 * (word &^ uint32(WordNode))
		if who.answers(m.at(HeaderNodes, q)) {
			word = m.at(HeaderNodes, q+1)
		} else {
			word = m.at(HeaderNodes, q+2)
		}
	}
	return word
}

// MarkSelf puts the marker into the name of a file below the caller's own /proc entry:
// /proc/12/maps becomes what the automaton reads for both /proc/12/maps and /proc/self/maps.
func MarkSelf(name string) string {
	if rest, ok := strings.CutPrefix(name, "/proc/"); ok {
		return "/proc/" + string(rune(SelfMarker)) + rest
	}
	return name
}
