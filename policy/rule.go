package policy

import "fmt"

// Kind is the kind of the object a policy came from. The order of the constants
// is the order in which policies are named in events: ksp, csp, hsp.
type Kind uint8

const (
	KindPolicy Kind = iota
	KindClusterPolicy
	KindHostPolicy
)

// String returns the kind as written in an object's `kind` field.
func (k Kind) String() string {
	switch k {
	case KindPolicy:
		return "KubeArmorPolicy"
	case KindClusterPolicy:
		return "KubeArmorClusterPolicy"
	case KindHostPolicy:
		return "KubeArmorHostPolicy"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Ref names a policy object. Namespace is empty for cluster-scoped kinds.
type Ref struct {
	Kind      Kind
	Namespace string
	Name      string
}

// String returns kind/namespace/name, or kind/name without a namespace.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind.String() + "/" + r.Name
	}
	return r.Kind.String() + "/" + r.Namespace + "/" + r.Name
}

// Mode says whether a policy takes part in the decision or only in the second,
// reporting one.
type Mode uint8

const (
	ModeEnforce Mode = iota
	ModeAudit
)

// Category is the category of a rule and of an operation.
type Category uint8

const (
	Process Category = iota
	File
	Network
	Capabilities
	Syscalls // audit only

	NumCategories = 5
)

// String returns the name of the category's section in a policy.
func (c Category) String() string {
	return [...]string{"process", "file", "network", "capabilities", "syscalls"}[c]
}

// Action is what a rule asks for. Block is the zero value because it is the
// default where neither rule, section nor policy names one.
type Action uint8

const (
	Block Action = iota
	Audit
	Allow
)

// String returns the action as written in a policy.
func (a Action) String() string { return [...]string{"Block", "Audit", "Allow"}[a] }

// MatcherKind tells the fields of Matcher that hold something.
type MatcherKind uint8

const (
	MatchPath       MatcherKind = iota // Path: one exact path
	MatchGlob                          // Path: a glob, from `pattern` or from a `path` with wildcards
	MatchDir                           // Path: a directory, without the trailing slash (the root is "/"); Recursive
	MatchExecName                      // Name
	MatchProtocol                      // Protocol
	MatchEndpoint                      // Endpoint
	MatchCapability                    // Capability
	MatchSyscall                       // Syscalls, and Path where the rule narrows to one
	MatchPreset                        // Preset
)

// Matcher is the part of a rule that says which operations it is about.
type Matcher struct {
	Kind       MatcherKind
	Path       string     `json:",omitempty"`
	Recursive  bool       `json:",omitempty"`
	Name       string     `json:",omitempty"` // execname
	Protocol   Protocol   `json:",omitempty"`
	Endpoint   *Endpoint  `json:",omitempty"`
	Capability Capability `json:",omitempty"`
	Syscalls   []string   `json:",omitempty"`
	Preset     PresetName `json:",omitempty"`
}

// Source is one entry of fromSource: the program of the task that makes the call.
// Dir is without a trailing slash, the root is "/". Exactly one of Path, Dir is set.
type Source struct {
	Path      string `json:",omitempty"`
	Dir       string `json:",omitempty"`
	Recursive bool   `json:",omitempty"`
}

// Rule is one rule of a policy with everything it inherits filled in.
type Rule struct {
	// Field is the path of the rule in its object, e.g. spec.process.matchPaths[0].
	Field    string
	Category Category
	Match    Matcher

	ReadOnly  bool
	OwnerOnly bool
	PTS       bool
	// AllowedArgs is nil where the rule has none; an empty, non-nil list allows no argument.
	AllowedArgs []string
	// FromSource is nil where the rule has none; the parser refuses an empty list.
	FromSource []Source

	Action   Action
	Severity int // 1 to 10; 0 where none is given
	Tags     []string
	Message  string
}

// PresetName names one of the presets.
type PresetName string

const (
	PresetProtectEnv       PresetName = "protectEnv"
	PresetProtectProc      PresetName = "protectProc"
	PresetExec             PresetName = "exec"
	PresetFilelessExec     PresetName = "filelessExec"
	PresetAnonymousMapExec PresetName = "anonymousMapExec"
)

// NotEnforced is a field that is accepted because published policies carry it,
// and that nothing enforces yet.
type NotEnforced struct {
	Field  string // e.g. spec.network.matchDNSQueries
	Reason string
}

// Policy is one parsed and validated policy. It is never changed after Parse.
type Policy struct {
	Ref
	// Source is the file (or object) the policy was read from, for messages.
	Source   string
	Mode     Mode
	Selector Selector
	// Rules are in the order of the sections process, file, network, capabilities,
	// syscalls, presets; in a section, in the order of its lists as listed in the API type.
	Rules       []Rule
	NotEnforced []NotEnforced
	// Warnings are valid but doubtful parts, one sentence each.
	Warnings []string
}
