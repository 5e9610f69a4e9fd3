package lint

import (
	"io/fs"

	"kubearmor.io/policy"
)

// Level is how much a finding matters.
type Level uint8

const (
	Note    Level = iota // worth knowing
	Warning              // the policy should be changed
)

// String returns the level as karmor prints it.
func (l Level) String() string { return [...]string{"note", "warning"}[l] }

// Code names a kind of finding. Codes are never given another meaning.
type Code string

// The codes; Codes says what each is about.
const (
	Shadowed      Code = "KL001"
	NeverMatches  Code = "KL002"
	Link          Code = "KL003"
	MultiCall     Code = "KL004"
	Libraries     Code = "KL005"
	Writable      Code = "KL006"
	Overruled     Code = "KL007"
	Interpreter   Code = "KL008"
	FirstImage    Code = "KL009"
	NotEnforced   Code = "KL010"
	Doubtful      Code = "KL011"
	Protected     Code = "KL012"
	SourceDenied  Code = "KL013"
	SourceScript  Code = "KL014"
	NoUDP         Code = "KL015"
	InverseFlag   Code = "KL016"
	PingNeedsRaw  Code = "KL017"
	ProgramNeeds  Code = "KL018"
	GivenTwice    Code = "KL019"
	PartlyCarried Code = "KL020"
	NotCarried    Code = "KL021"
	TooComplex    Code = "KL022"
	Silent        Code = "KL023"
)

// Meaning says what a code is about.
type Meaning struct {
	Code Code
	Text string
}

// Codes lists what can be found.
func Codes() []Meaning {
	return []Meaning{
		{Shadowed, "a rule that never decides, because another about the same comes before it"},
		{NeverMatches, "a rule about something that does not exist in that form"},
		{Link, "a path that is a link in the root"},
		{MultiCall, "a link to a program that is many programs in one, such as busybox"},
		{Libraries, "a file allow-list that leaves out a program's libraries"},
		{Writable, "programs are allowed from a place where files can be made"},
		{Overruled, "an Allow that a Block of another policy undoes"},
		{Interpreter, "an allowed script whose interpreter is not allowed"},
		{FirstImage, "the first program of a container is denied when it is created"},
		{NotEnforced, "a field that nothing enforces"},
		{Doubtful, "what the parser warns about: empty sections and the like"},
		{Protected, "a host policy that names what hosts never deny"},
		{SourceDenied, "fromSource names a program that may not start"},
		{SourceScript, "fromSource names a script, of which the interpreter is the source"},
		{NoUDP, "a network allow-list without udp, which DNS uses"},
		{InverseFlag, "Block or Audit with readOnly or ownerOnly, which is about what does not satisfy them"},
		{PingNeedsRaw, "icmp is allowed and raw sockets, which many a ping uses, are not"},
		{ProgramNeeds, "a known program needs more at its start than the policies allow"},
		{GivenTwice, "two objects have one name"},
		{PartlyCarried, "the BPF enforcer of this version leaves a part of the rule out"},
		{NotCarried, "the BPF enforcer of this version leaves the rule out"},
		{TooComplex, "together, the policies exceed a limit of the BPF enforcer"},
		{Silent, "an Audit rule in a policy of mode Audit, which tells nothing but what it would deny"},
	}
}

// Finding is one thing found.
type Finding struct {
	Code    Code
	Level   Level
	Source  string // file
	Policy  policy.Ref
	Field   string // path of the field; empty for the policy as a whole
	Message string
	Mend    string
}

// Options are what is known besides the policies.
type Options struct {
	Postures   policy.Postures
	NoBaseline bool
	// Root is the root of the container, such as an unpacked image; nil where it isn't known.
	Root fs.ReadLinkFS
	// Entrypoint is the command that a container starts with, as full path and arguments.
	Entrypoint []string
}
