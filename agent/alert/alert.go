package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/api/event"
	"kubearmor.io/policy"
	"kubearmor.io/policy/socket"
)

// Of returns the alert for an event of a container on a host.
func Of(e enforcer.Event, who policyset.Identity, host, enforcerName string) event.Alert {
	a := event.Alert{
		Timestamp:   e.Time.Unix(),
		UpdatedTime: e.Time.UTC().Format(time.RFC3339Nano),
		HostName:    host, NamespaceName: who.Namespace, ContainerName: who.Name, Labels: labels(who.Labels),
		HostPID: int32(e.Process.HostPID), PID: int32(e.Process.PID),
		HostPPID: int32(e.Parent.HostPID), PPID: int32(parentPID(e)),
		UID: int32(e.UID),
		Cwd: e.Cwd, TTY: e.TTY,
		ProcessName:       program(e.Process),
		ParentProcessName: program(e.Parent),
		Type:              event.TypeMatchedPolicy,
		Source:            program(e.Process),
		Operation:         operation(e.Category),
		Enforcer:          enforcerName,
		EventData:         map[string]string{},
	}
	a.Resource, a.Data = resource(e)
	if e.Repeats > 0 {
		a.EventData[event.DataRepeats] = strconv.FormatUint(e.Repeats, 10)
	}
	if len(e.Arguments) > 0 {
		a.EventData[event.DataArguments] = quoted(e.Arguments)
	}
	if e.ArgumentsCut {
		a.EventData[event.DataArgumentsCut] = "true"
	}
	if e.Unnamed {
		a.EventData["unnamed"] = "true"
	}
	outcome(&a, e)
	because(&a, e)
	return a
}

// quoted parts arguments by blanks. What is empty, or holds blanks, quotes or what can't be printed,
// stands in quotes as in Go.
func quoted(args []string) string {
	var all []string
	for _, arg := range args {
		plain := func(r rune) bool {
			return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '"' && r != '\\' && r != utf8.RuneError
		}
		if arg == "" || strings.ContainsFunc(arg, func(r rune) bool { return !plain(r) }) {
			arg = strconv.Quote(arg)
		}
		all = append(all, arg)
	}
	return strings.Join(all, " ")
}

// dataLink is the key for the path that a process rule names where that is a link to the
// resource: with /bin/sh -> busybox the resource is /bin/busybox and the link /bin/sh.
const dataLink = "link"

// parentPID is the parent's number in the container; 0, as getppid(2) says, for a parent
// outside of it, which has only the host's.
func parentPID(e enforcer.Event) int {
	if e.Parent.PID == e.Parent.HostPID && e.Process.PID != e.Process.HostPID {
		return 0
	}
	return e.Parent.PID
}

// outcome fills in what became of the operation.
func outcome(a *event.Alert, e enforcer.Event) {
	a.Result = event.ResultPassed
	switch e.Decision.Report {
	case policy.ReportBlock:
		a.Action, a.Result = event.ActionBlock, event.ResultPermissionDenied
		if e.Category == policy.Capabilities {
			a.Result = event.ResultOperationNotPermitted
		}
	case policy.ReportAuditBlock:
		a.Action = event.ActionAuditBlock
	default:
		a.Action = event.ActionAudit
	}
}

// because names the policy and what in it decided.
func because(a *event.Alert, e enforcer.Event) {
	d := e.Decision
	if d.Policy < 0 || d.Policy >= len(e.Profile.Policies) {
		return
	}
	p := e.Profile.Policies[d.Policy]
	a.PolicyName = p.Ref.Name
	if d.Rule >= 0 && d.Rule < len(p.Rules) {
		r := p.Rules[d.Rule]
		a.Message, a.ATags, a.Tags = r.Message, slices.Clone(r.Tags), strings.Join(r.Tags, ",")
		if r.Severity > 0 {
			a.Severity = strconv.Itoa(r.Severity)
		}
		a.EventData[event.DataRule] = r.Field
		if r.LinkPath != "" {
			a.EventData[dataLink] = r.LinkPath
		}
		return
	}
	if d.Reason == policy.ReasonOutside {
		a.EventData[event.DataReason] = event.ReasonOutside
	}
	if d.Reason != policy.ReasonPosture {
		return
	}
	a.EventData[event.DataReason] = event.ReasonDefaultPosture
	names := []string{p.Ref.Name}
	for _, other := range d.Others {
		names = append(names, e.Profile.Policies[other].Ref.Name)
	}
	if len(names) > 1 {
		a.EventData[event.DataPolicies] = strings.Join(names, ",")
	}
}

func operation(c policy.Category) string {
	return [...]string{event.OperationProcess, event.OperationFile, event.OperationNetwork, event.OperationCapabilities, event.OperationSyscall}[c]
}

// resource says what the operation was on, and how.
func resource(e enforcer.Event) (name, data string) {
	switch e.Category {
	case policy.Capabilities:
		return "CAP_" + strings.ToUpper(e.Capability.String()), ""
	case policy.Network:
		if e.Use != enforcer.Create {
			return endpoint(e)
		}
		return fmt.Sprintf("family=%s type=%s protocol=%s", family(e.Family), socketType(e.SocketType), protocol(e)), ""
	case policy.Syscalls:
		data = "syscall=SYS_" + strings.ToUpper(e.Resource)
		if by := e.Way.Convention(); by != "" {
			data += " convention=" + by
		}
	case policy.Process:
		switch {
		case e.Write:
			data = "access=write" // a file that a process rule keeps as it is
		case e.Memory:
			return "memory", "access=map executable"
		case e.Mapped:
			data = "access=map executable"
		}
		if e.Trace {
			data = "access=ptrace"
		}
	case policy.File:
		switch {
		case e.Read && e.Write:
			data = "access=read,write"
		case e.Write:
			data = "access=write"
		default:
			data = "access=read"
		}
	}
	return e.Resource, data
}

// endpoint names the far end of what goes out and the own of what comes in; a socket of a
// family without such addresses has neither.
func endpoint(e enforcer.Event) (name, data string) {
	direction, end := "egress", "remoteip"
	if e.Use.Direction() == policy.Ingress {
		direction, end = "ingress", "localip"
	}
	if e.Address.IsValid() {
		name = fmt.Sprintf("%s=%s port=%d ", end, e.Address.Addr(), e.Address.Port())
	}
	return name + "protocol=" + protocol(e),
		fmt.Sprintf("direction=%s operation=%s family=%s type=%s", direction, e.Use, family(e.Family), socketType(e.SocketType))
}

func family(n int) string {
	names := map[int]string{
		socket.Inet: "AF_INET", socket.Inet6: "AF_INET6", socket.Packet: "AF_PACKET", socket.VSock: "AF_VSOCK", socket.SMC: "AF_SMC", socket.XDP: "AF_XDP",
	}
	if name, ok := names[n]; ok {
		return name
	}
	return strconv.Itoa(n)
}

func socketType(n int) string {
	names := map[int]string{
		socket.Stream: "SOCK_STREAM", socket.Dgram: "SOCK_DGRAM", socket.Raw: "SOCK_RAW", socket.SeqPacket: "SOCK_SEQPACKET",
	}
	if name, ok := names[n]; ok {
		return name
	}
	return strconv.Itoa(n)
}

func protocol(e enforcer.Event) string {
	if name := policy.ClassifySocket(e.Family, e.SocketType, e.Protocol).Protocol; name != "" {
		return string(name)
	}
	return strconv.Itoa(e.Protocol)
}

// program prefers the path of the executable to the kernel's short name.
func program(p enforcer.Process) string {
	if p.Program != "" {
		return p.Program
	}
	return p.Name
}

func labels(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for k, v := range m {
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}
