package enforcer

import (
	"context"
	"net/netip"
	"time"

	"kubearmor.io/policy"
	"kubearmor.io/policy/syscalls"
)

// Container is what an enforcer has to know of one.
type Container struct {
	Name   string // the caller's, unique
	Cgroup string // the folder of its cgroup v2
	// Starting: a process that is found in the cgroup sets the container up until it execs.
	// False for a container that runs its own program already.
	Starting bool
}

// Enforcer makes the kernel carry out profiles.
type Enforcer interface {
	// Name is the enforcer's name in events.
	Name() string
	// Features is what it can carry out on this node.
	Features() policy.Features
	// Add makes the tasks in a cgroup the container's. No rule holds until Apply.
	Add(Container) error
	// Record takes the mounts that a process of the container sees as the names of its
	// files. It must have succeeded before Apply.
	Record(name string, pid int) error
	// Mounts returns the mounts that were recorded, for policy.OtherNames.
	Mounts(name string) ([]policy.Mount, error)
	// Apply puts a profile in force in place of the one before: each operation is judged
	// by the one or the other. On an error the one before stays. Calls for one container come
	// one after another; those for others don't wait for what a complex profile takes.
	Apply(name string, p *policy.Profile) error
	// Remove ends what holds for a container.
	Remove(name string) error
	// Events hands events over until the context ends. It is called once.
	Events(context.Context, func(Event)) error
	// Counters returns what has been counted since the start.
	Counters() (Counters, error)
	// Close ends enforcement.
	Close() error
}

// Event is one decision that is to be reported, with the profile that made it.
type Event struct {
	Time      time.Time
	Container string // the name it was added by
	Profile   *policy.Profile
	Decision  policy.Decision

	Category   policy.Category
	Unnamed    bool   // Resource is no name in the container
	Resource   string // of a file or program, or a system call
	Trace      bool   // it would have reached into a task that runs Resource, by ptrace or its like
	Read       bool
	Write      bool
	Mapped     bool // the file was not executed, but mapped executable
	Memory     bool // what was made executable is memory, without a name
	Family     int  // of a socket
	SocketType int
	Protocol   int
	Use        Use            // what is done with the socket
	Address    netip.AddrPort // as the caller gave it; of Listen and Accept, the socket's own. Invalid: none
	Capability policy.Capability
	Way        syscalls.Way // in which a system call was made

	Process Process
	Parent  Process
	UID     uint32
	Cwd     string // the caller's, as far as it has a name
	// Arguments are those of an exec, the first included; ArgumentsCut: there were more, or longer ones.
	Arguments    []string
	ArgumentsCut bool
	TTY          string // its controlling terminal, such as pts0
	// Repeats counts the operations besides this one that the event stands for: the same, by
	// the same process, shortly after one another. All events and their repeats are all operations.
	Repeats uint64
}

// Use is what a task does with a socket.
type Use string

const (
	Create  Use = "" // it makes it
	Connect Use = "connect"
	Send    Use = "send"
	Bind    Use = "bind"
	Listen  Use = "listen" // which binds a socket that is not bound
	Accept  Use = "accept"
)

// Direction returns the direction of a use that has an address.
func (u Use) Direction() policy.Direction {
	if u == Connect || u == Send {
		return policy.Egress
	}
	return policy.Ingress
}

// Process is a process as the host and as its container number it.
type Process struct {
	HostPID int
	PID     int
	Name    string // the kernel's short one
	Program string // path of its executable
}

// Counters are totals since the enforcer was started.
type Counters struct {
	Events        uint64 // sent
	EventsDropped uint64 // the buffer was full; with the repeats that they stood for
	EventsFolded  uint64 // repeats that another event stands for
	Unexplained   uint64 // events of a profile that is not known any more
	Malformed     uint64 // denied because no image was where one should be
	NoBuffer      uint64 // denied because no buffer for a name was free
	UnstableNames uint64 // denied: renamed again and again while the name was read
	LongNames     uint64 // longer than PATH_MAX: judged by their beginning; or denied as too deep to be read
	LabelsMissing uint64
	SetupExempt   uint64
	// Execs in pods without a container while no agent answered.
	StartsOpen     uint64 // let pass
	StartsRefused  uint64
	StartsLate     uint64 // let pass: no agent for too long
	Tampering      uint64 // tries of containers to get at the enforcer's own: denied
	SourcesMissing uint64 // the program of a task could be neither kept nor read
	CallsMissed    uint64 // system calls that were not looked at, where one came while another was
}
