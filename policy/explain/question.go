package explain

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"kubearmor.io/policy"
)

// Verb is what the question is about.
type Verb string

// The verbs. Bind and Accept are about the local address.
const (
	Exec    Verb = "exec"
	Read    Verb = "read"
	Write   Verb = "write"
	Net     Verb = "net"
	Connect Verb = "connect"
	Bind    Verb = "bind"
	Accept  Verb = "accept"
	Cap     Verb = "cap"
	Syscall Verb = "syscall"
)

// Verbs lists all verbs in the order of the documentation.
func Verbs() []Verb { return []Verb{Exec, Read, Write, Net, Connect, Bind, Accept, Cap, Syscall} }

// Question is one operation as people write it.
type Question struct {
	Verb       Verb
	Path       string         // exec, read, write
	Protocol   string         // net, connect, bind, accept; in lower case
	Address    netip.AddrPort // connect, bind, accept
	Capability policy.Capability
	Syscall    string

	Source string   // the program that makes the call; empty: one that no rule knows
	Owner  bool     // the caller owns the file
	TTY    bool     // the caller has a controlling terminal
	Args   []string // of an exec, after the first
}

// ParseQuestion reads a verb and its words: PATH, PROTOCOL, PROTOCOL ADDR:PORT or NAME.
func ParseQuestion(verb Verb, words []string) (Question, error) {
	q := Question{Verb: verb}
	want, form := 1, ""
	switch verb {
	case Exec, Read, Write:
		form = "PATH"
	case Net:
		form = "PROTOCOL"
	case Connect, Bind, Accept:
		want, form = 2, "PROTOCOL ADDR:PORT"
	case Cap, Syscall:
		form = "NAME"
	default:
		return q, fmt.Errorf("%q is no operation: write one of %s", verb, joinVerbs())
	}
	if len(words) != want {
		return q, fmt.Errorf("%s takes %s, not %d words", verb, form, len(words))
	}
	return q, q.object(words)
}

func (q *Question) object(words []string) error {
	switch q.Verb {
	case Exec, Read, Write:
		q.Path = words[0]
		return checkPath(q.Path)
	case Cap:
		c, ok := policy.ParseCapability(words[0])
		if !ok {
			return fmt.Errorf("%q is no capability: write a name such as net_raw", words[0])
		}
		q.Capability = c
		return nil
	case Syscall:
		if q.Syscall = words[0]; !policy.IsSyscall(q.Syscall) {
			return fmt.Errorf("%q is no system call: write a name such as ptrace", words[0])
		}
		return nil
	}
	q.Protocol = strings.ToLower(words[0])
	if _, ok := socketOf(q.Protocol, false); !ok {
		return fmt.Errorf("%q is no protocol: write one of %s", words[0], strings.Join(protocolNames(), ", "))
	}
	if q.Verb == Net {
		return nil
	}
	addr, err := netip.ParseAddrPort(words[1])
	if err != nil {
		return fmt.Errorf("%q is no address with a port: write it as 10.0.0.1:443 or [2001:db8::1]:443", words[1])
	}
	q.Address = addr
	return nil
}

// checkPath refuses what is no full name of a file.
func checkPath(name string) error {
	switch {
	case !strings.HasPrefix(name, "/"):
		return fmt.Errorf("%q is no full path: begin it with /", name)
	case strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("%q holds a NUL, which no name does", name)
	case path.Clean(name) != strings.TrimSuffix(name, "/") && name != "/":
		return fmt.Errorf("%q holds //, . or ..: write it as %s", name, path.Clean(name))
	}
	return nil
}

// String returns the question in the form in which it is asked.
func (q Question) String() string {
	switch q.Verb {
	case Exec, Read, Write:
		return string(q.Verb) + " " + q.Path
	case Net:
		return "net " + q.Protocol
	case Cap:
		return "cap " + q.Capability.String()
	case Syscall:
		return "syscall " + q.Syscall
	}
	return fmt.Sprintf("%s %s %s", q.Verb, q.Protocol, q.Address)
}

func joinVerbs() string {
	var names []string
	for _, v := range Verbs() {
		names = append(names, string(v))
	}
	return strings.Join(names, ", ")
}
