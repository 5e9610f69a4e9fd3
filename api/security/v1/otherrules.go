package v1

// CapabilityRules are rules about Linux capabilities.
//
// +kubebuilder:pruning:PreserveUnknownFields
type CapabilityRules struct {
	// Capabilities by name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchCapabilities []CapabilityRule `json:"matchCapabilities,omitempty"`

	Attributes `json:",inline"`
}

// CapabilityRule matches the use of one capability.
//
// +kubebuilder:pruning:PreserveUnknownFields
type CapabilityRule struct {
	// Name of the capability, such as net_raw, in any letter case, with or without CAP_.
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^(?i:(cap_)?(chown|dac_override|dac_read_search|fowner|fsetid|kill|setgid|setuid|setpcap|linux_immutable|net_bind_service|net_broadcast|net_admin|net_raw|ipc_lock|ipc_owner|sys_module|sys_rawio|sys_chroot|sys_ptrace|sys_pacct|sys_admin|sys_boot|sys_nice|sys_resource|sys_time|sys_tty_config|mknod|lease|audit_write|audit_control|setfcap|mac_override|mac_admin|syslog|wake_alarm|block_suspend|audit_read|perfmon|bpf|checkpoint_restore))$`
	Capability string `json:"capability"`

	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}

// SyscallRules are rules about system calls. They report, and never deny.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.action) || self.action == 'Audit'",message="syscalls are audit only: use action Audit, or none"
type SyscallRules struct {
	// System calls by name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchSyscalls []SyscallRule `json:"matchSyscalls,omitempty"`

	// System calls by name and by the path they are about.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchPaths []SyscallPathRule `json:"matchPaths,omitempty"`

	Attributes `json:",inline"`
}

// SyscallRule matches system calls by name.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.action) || self.action == 'Audit'",message="syscalls are audit only: use action Audit, or none"
type SyscallRule struct {
	// Names of system calls, such as unlink.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:Pattern=`^[a-z_][a-z0-9_]*$`
	Syscall []string `json:"syscall,omitzero"`

	SyscallNarrowing `json:",inline"`
	Attributes       `json:",inline"`
}

// SyscallPathRule matches system calls by name and by the path they are about.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.action) || self.action == 'Audit'",message="syscalls are audit only: use action Audit, or none"
type SyscallPathRule struct {
	// Absolute path of a file, or, with a slash at its end, of a directory. It takes no wildcards.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/|(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+/?)$`
	Path string `json:"path"`

	// Everything below the directory, not its direct children alone.
	// +optional
	Recursive bool `json:"recursive,omitempty"`

	// Names of system calls, such as unlink.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:Pattern=`^[a-z_][a-z0-9_]*$`
	Syscall []string `json:"syscall,omitzero"`

	SyscallNarrowing `json:",inline"`
	Attributes       `json:",inline"`
}

// SyscallNarrowing narrows a system call rule.
type SyscallNarrowing struct {
	// Only calls made by one of these programs. An empty list is refused.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	FromSource []FromSource `json:"fromSource,omitzero"`
}

// PresetRule asks for one ready-made rule.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.action) || self.action != 'Allow'",message="a preset can't Allow: use Block or Audit"
type PresetRule struct {
	// protectEnv: reading another process's environment. protectProc: the /proc entry of another
	// process. exec: a program that enters from outside after start (kubectl exec).
	// filelessExec: executing a file without a name. anonymousMapExec: making anonymous memory executable.
	// +kubebuilder:validation:Enum=protectEnv;protectProc;exec;filelessExec;anonymousMapExec
	Name string `json:"name"`

	Attributes `json:",inline"`
}

// DeviceRules are rules about devices. They are accepted, and not enforced.
//
// +kubebuilder:pruning:PreserveUnknownFields
type DeviceRules struct {
	// Devices by class.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchDevice []DeviceRule `json:"matchDevice,omitempty"`

	Attributes `json:",inline"`
}

// DeviceRule matches devices of a class. It is accepted, and not enforced.
//
// +kubebuilder:pruning:PreserveUnknownFields
type DeviceRule struct {
	// Class of the device.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Class string `json:"class,omitempty"`

	Attributes `json:",inline"`
}
