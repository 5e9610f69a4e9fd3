package image

import (
	"path"
	"slices"

	"kubearmor.io/policy"
	"kubearmor.io/policy/socket"
)

// Evaluate runs an operation through an image as the hooks do, and returns the outcome.
func Evaluate(words []uint32, op *policy.Operation) uint32 {
	m := Interpret{words}
	outcome := evaluate(m, op)
	switch {
	case !op.ByHandle:
		return outcome
	case op.Kind.Category() == policy.Process:
		return m.graver(outcome, words[HeaderHandleExec])
	}
	if op.Kind == policy.OpWrite {
		return m.graver(outcome, words[HeaderHandleWrite])
	}
	return m.graver(outcome, words[HeaderHandleRead])
}

func evaluate(m Interpret, op *policy.Operation) uint32 {
	who := CallerOf(op)
	who.Source = m.Source(SourceFor(op.Source))
	switch op.Kind {
	case policy.OpExec:
		who.Arguments = m.Arguments(op.Args, op.ArgsUnreadable)
		return m.Program(NameFor(op), op.StartedBy, op.ByDescriptor, who)
	case policy.OpMapExec:
		return m.Mapping(NameFor(op), ColumnMapping, who)
	case policy.OpLoader:
		return m.Mapping(NameFor(op), ColumnLoader, who)
	case policy.OpAnonExec:
		return m.Memory()
	case policy.OpRead:
		return m.File(NameFor(op), FileRead, who)
	case policy.OpWrite:
		if op.Change == policy.ChangeForeign {
			return m.Words[HeaderForeign]
		}
		if move, ok := MoveFor(op); ok {
			return m.Move(move, who)
		}
		return m.File(NameFor(op), FileWrite, who)
	case policy.OpSocket:
		if class := SocketClass(op.Family, op.SockType, op.Protocol); class != SocketOutOfScope {
			return m.Socket(class, who)
		}
	case policy.OpConnect, policy.OpBind, policy.OpAccept:
		direction := DirectionIngress
		if op.Kind == policy.OpConnect {
			direction = DirectionEgress
		}
		if class := SocketClass(op.Family, op.SockType, op.Protocol); class != SocketOutOfScope {
			return m.Endpoint(direction, class, EndpointBytes(op.Address), who)
		}
	case policy.OpCapability:
		return m.Capability(int(op.Capability), who)
	case policy.OpSyscall:
		if rows := RowsOfSyscall(op.Syscall); len(rows) > 0 {
			return m.Syscall(rows[0], who)
		}
	}
	return 0
}

// MoveFor returns what a write does to names, if anything.
func MoveFor(op *policy.Operation) (Move, bool) {
	to := *op
	to.Names = op.To
	move := Move{From: NameFor(op), To: NameFor(&to), Dir: op.Dir, Exchange: op.Change == policy.ChangeExchange, Link: op.Change == policy.ChangeLink}
	return move, move.Exchange || move.Link || op.Change == policy.ChangeRename
}

// SourceFor returns the name by which the kernel knows the program of a task.
func SourceFor(n policy.Names) (name string, deleted bool) {
	switch {
	case len(n.Origin) > 0:
		return n.Origin[0], false
	case len(n.Seen) > 0:
		return n.Seen[0], true
	}
	return "", false
}

// CallerOf answers an image's questions as the hooks do for an operation.
func CallerOf(op *policy.Operation) Caller {
	return Caller{
		Owner: op.Owner, TTY: op.TTY, Entered: op.Entered, OtherTask: op.OtherTask,
		Environ: op.OtherTask && path.Base(NameFor(op)) == "environ",
	}
}

// NameFor returns the one name under which the kernel runs a file through the automaton:
// empty for a file without a name, marked for one below the caller's own /proc entry.
func NameFor(op *policy.Operation) string {
	origin := op.Names.Origin
	if len(origin) == 0 {
		return ""
	}
	if len(origin) == 2 {
		return MarkSelf(origin[0])
	}
	return origin[0]
}

// SocketClass numbers a socket as the hook does.
func SocketClass(family, sockType, protocol int) int {
	class := policy.ClassifySocket(family, sockType, protocol)
	named := []policy.Protocol{SocketTCP: policy.ProtoTCP, SocketUDP: policy.ProtoUDP, SocketICMP: policy.ProtoICMP,
		SocketICMPv6: policy.ProtoICMPv6, SocketSCTP: policy.ProtoSCTP}
	switch {
	case class.OutOfScope:
		return SocketOutOfScope
	case family == socket.Packet:
		return SocketPacket
	case family == socket.XDP:
		return SocketXDP
	case family != socket.Inet && family != socket.Inet6 && class.Protocol == "":
		return SocketOtherFamily
	}
	n := slices.Index(named, class.Protocol)
	if n < 0 {
		n = SocketOtherProtocol
	}
	if class.Raw {
		n += SocketRaw
	}
	return n
}

// SameOutcome says whether two decisions are the same to a user: equal verdict and event.
// Decisions that allow silently are one outcome of an image, whatever their reason.
func SameOutcome(a, b policy.Decision) bool {
	if a.Verdict != b.Verdict || a.Report != b.Report {
		return false
	}
	return a.Report == policy.ReportNone || a.Reason == b.Reason && a.Policy == b.Policy && a.Rule == b.Rule && slices.Equal(a.Others, b.Others)
}
