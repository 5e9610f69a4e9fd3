package event

// Values of Type.
const (
	TypeMatchedPolicy     = "MatchedPolicy"     // an alert about a container
	TypeMatchedHostPolicy = "MatchedHostPolicy" // an alert about a host
	TypeContainerLog      = "ContainerLog"
	TypeHostLog           = "HostLog"
	TypeAlert             = "Alert" // no policy is concerned: tampering, lost protection
)

// Values of Operation.
const (
	OperationProcess      = "Process"
	OperationFile         = "File"
	OperationNetwork      = "Network"
	OperationCapabilities = "Capabilities"
	OperationSyscall      = "Syscall"
)

// Values of Action.
const (
	ActionBlock      = "Block"
	ActionAudit      = "Audit"
	ActionAuditBlock = "Audit (Block)" // it would have been denied, were the policy enforced
)

// Values of Result.
const (
	ResultPassed                = "Passed"
	ResultPermissionDenied      = "Permission denied"       // EACCES: process, file, network
	ResultOperationNotPermitted = "Operation not permitted" // EPERM: capabilities
)

// Values of Enforcer.
const (
	EnforcerBPFLSM   = "BPFLSM"
	EnforcerAppArmor = "AppArmor"
	EnforcerSELinux  = "SELinux"
	EnforcerMonitor  = "eBPF Monitor"
)

// Keys of EventData that more than one program reads.
const (
	DataPolicies     = "policies"     // the allow-lists that a posture's denial is about, by name
	DataReason       = "reason"       // ReasonDefaultPosture, ReasonOutside, or none
	DataRule         = "rule"         // field path of the rule in its policy
	DataArguments    = "arguments"    // of an exec, the first included, quoted where one holds blanks
	DataArgumentsCut = "argumentsCut" // true: there were more, or longer ones
	DataRepeats      = "repeats"      // how many operations like this one, besides it, the event stands for
)

// ReasonDefaultPosture is the reason of a denial that no rule but the default posture made.
const ReasonDefaultPosture = "DefaultPosture"

// ReasonOutside is the reason of a denial to ptrace a task outside of the container.
const ReasonOutside = "OutsideOfContainer"
