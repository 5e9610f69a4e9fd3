package event

// Podowner is the workload that a pod belongs to.
type Podowner struct {
	Ref       string `json:"Ref,omitempty"` // its kind, such as Deployment
	Name      string `json:"Name,omitempty"`
	Namespace string `json:"Namespace,omitempty"`
}

// ExecEvent names the exec that an event belongs to.
type ExecEvent struct {
	ExecID         string `json:"ExecID,omitempty"`
	ExecutableName string `json:"ExecutableName,omitempty"`
}

// Alert is an event that concerns a policy, or the protection itself.
type Alert struct {
	Timestamp   int64  `json:"Timestamp"` // seconds since 1970
	UpdatedTime string `json:"UpdatedTime"`

	ClusterName   string    `json:"ClusterName,omitempty"`
	HostName      string    `json:"HostName,omitempty"`
	NodeID        string    `json:"NodeID,omitempty"`
	NamespaceName string    `json:"NamespaceName,omitempty"`
	Owner         *Podowner `json:"Owner,omitempty"`
	PodName       string    `json:"PodName,omitempty"`
	Labels        string    `json:"Labels,omitempty"`

	ContainerID    string `json:"ContainerID,omitempty"`
	ContainerName  string `json:"ContainerName,omitempty"`
	ContainerImage string `json:"ContainerImage,omitempty"`

	HostPPID int32  `json:"HostPPID,omitempty"`
	HostPID  int32  `json:"HostPID,omitempty"`
	PPID     int32  `json:"PPID"` // 0 is told: a container's first process has it
	PID      int32  `json:"PID,omitempty"`
	UID      int32  `json:"UID"` // 0 is told: it is root
	UserName string `json:"UserName,omitempty"`

	ParentProcessName string     `json:"ParentProcessName,omitempty"`
	ProcessName       string     `json:"ProcessName,omitempty"`
	ParentHash        string     `json:"ParentHash,omitempty"`
	ProcessHash       string     `json:"ProcessHash,omitempty"`
	ResourceHash      string     `json:"ResourceHash,omitempty"`
	HashAlgo          string     `json:"HashAlgo,omitempty"`
	ExecEvent         *ExecEvent `json:"ExecEvent,omitempty"`

	PolicyName string   `json:"PolicyName,omitempty"`
	Severity   string   `json:"Severity,omitempty"`
	Tags       string   `json:"Tags,omitempty"` // joined with commas
	ATags      []string `json:"ATags,omitempty"`
	Message    string   `json:"Message,omitempty"`

	Type      string            `json:"Type,omitempty"`
	Source    string            `json:"Source,omitempty"`
	Operation string            `json:"Operation,omitempty"`
	Resource  string            `json:"Resource,omitempty"`
	Data      string            `json:"Data,omitempty"`
	EventData map[string]string `json:"EventData,omitempty"`
	Enforcer  string            `json:"Enforcer,omitempty"`
	Action    string            `json:"Action,omitempty"`
	Result    string            `json:"Result,omitempty"`
	Cwd       string            `json:"Cwd,omitempty"`
	TTY       string            `json:"TTY,omitempty"`

	MaxAlertsPerSec        int32  `json:"MaxAlertsPerSec,omitempty"`
	DroppingAlertsInterval int32  `json:"DroppingAlertsInterval,omitempty"`
	KubeArmorVersion       string `json:"KubeArmorVersion,omitempty"`
}

// Log is an event that no policy is concerned with.
type Log struct {
	Timestamp   int64  `json:"Timestamp"` // seconds since 1970
	UpdatedTime string `json:"UpdatedTime"`

	ClusterName   string    `json:"ClusterName,omitempty"`
	HostName      string    `json:"HostName,omitempty"`
	NodeID        string    `json:"NodeID,omitempty"`
	NamespaceName string    `json:"NamespaceName,omitempty"`
	Owner         *Podowner `json:"Owner,omitempty"`
	PodName       string    `json:"PodName,omitempty"`
	Labels        string    `json:"Labels,omitempty"`

	ContainerID    string `json:"ContainerID,omitempty"`
	ContainerName  string `json:"ContainerName,omitempty"`
	ContainerImage string `json:"ContainerImage,omitempty"`

	HostPPID int32  `json:"HostPPID,omitempty"`
	HostPID  int32  `json:"HostPID,omitempty"`
	PPID     int32  `json:"PPID"` // 0 is told: a container's first process has it
	PID      int32  `json:"PID,omitempty"`
	UID      int32  `json:"UID"` // 0 is told: it is root
	UserName string `json:"UserName,omitempty"`

	ParentProcessName string     `json:"ParentProcessName,omitempty"`
	ProcessName       string     `json:"ProcessName,omitempty"`
	ParentHash        string     `json:"ParentHash,omitempty"`
	ProcessHash       string     `json:"ProcessHash,omitempty"`
	ResourceHash      string     `json:"ResourceHash,omitempty"`
	HashAlgo          string     `json:"HashAlgo,omitempty"`
	ExecEvent         *ExecEvent `json:"ExecEvent,omitempty"`

	Type      string            `json:"Type,omitempty"`
	Source    string            `json:"Source,omitempty"`
	Operation string            `json:"Operation,omitempty"`
	Resource  string            `json:"Resource,omitempty"`
	Data      string            `json:"Data,omitempty"`
	EventData map[string]string `json:"EventData,omitempty"`
	Result    string            `json:"Result,omitempty"`
	Cwd       string            `json:"Cwd,omitempty"`
	TTY       string            `json:"TTY,omitempty"`
}
