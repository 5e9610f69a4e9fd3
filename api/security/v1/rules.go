package v1

// Action says what to do with an operation that a rule matches.
//
// +kubebuilder:validation:Enum=Allow;Audit;Block
type Action string

// The actions.
const (
	ActionAllow Action = "Allow"
	ActionAudit Action = "Audit"
	ActionBlock Action = "Block"
)

// Mode says whether a policy is enforced or only reports what it would do.
//
// +kubebuilder:validation:Enum=Enforce;Audit
type Mode string

// The modes.
const (
	ModeEnforce Mode = "Enforce"
	ModeAudit   Mode = "Audit"
)

// Attributes are the fields that a rule inherits from its section, and a section
// from the policy, where it has none of its own.
type Attributes struct {
	// How grave an event of the rule is, from 1 to 10. Without it, the section's, else the policy's.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Severity int32 `json:"severity,omitempty"`

	// Tags that travel with every event of the rule. Without them, the section's, else the policy's.
	// +optional
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=256
	Tags []string `json:"tags,omitzero"`

	// A text that travels with every event of the rule. Without it, the section's, else the policy's.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`

	// What to do with an operation that matches: Allow, Audit or Block. Without it, the
	// section's, else the policy's, else Block. A policy with an Allow in a category is an
	// allow-list for it: what it does not allow meets the default posture.
	// +optional
	Action Action `json:"action,omitempty"`
}

// PolicyRules are the rules and their defaults, the same in all kinds of policy.
type PolicyRules struct {
	// Whether the policy is enforced (Enforce), or only reports what it would deny (Audit).
	// +optional
	// +kubebuilder:default=Enforce
	Mode Mode `json:"mode,omitempty"`

	// Programs that may or may not be executed.
	// +optional
	Process *ProcessRules `json:"process,omitempty"`

	// Files that may or may not be read or written.
	// +optional
	File *FileRules `json:"file,omitempty"`

	// Protocols and addresses that may or may not be used.
	// +optional
	Network *NetworkRules `json:"network,omitempty"`

	// Linux capabilities that may or may not be used.
	// +optional
	Capabilities *CapabilityRules `json:"capabilities,omitempty"`

	// System calls to report. They are audited, never denied.
	// +optional
	Syscalls *SyscallRules `json:"syscalls,omitempty"`

	// Ready-made rules for known attacks, by name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Presets []PresetRule `json:"presets,omitempty"`

	// Raw AppArmor rules. Accepted, and reported as not enforced.
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	AppArmor string `json:"apparmor,omitempty"`

	// Rules about devices. Accepted, and reported as not enforced.
	// +optional
	Device *DeviceRules `json:"device,omitempty"`

	Attributes `json:",inline"`
}

// FromSource is a program, or a directory of programs, that makes the call.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="has(self.path) != has(self.dir)",message="give exactly one of path and dir"
// +kubebuilder:validation:XValidation:rule="!has(self.recursive) || has(self.dir)",message="recursive goes with dir only"
type FromSource struct {
	// Absolute path of the program, without wildcards.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+$`
	Path string `json:"path,omitempty"`

	// Absolute path of a directory: the programs in it.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/|(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+/?)$`
	Dir string `json:"dir,omitempty"`

	// With dir: programs at any depth below it as well.
	// +optional
	Recursive bool `json:"recursive,omitempty"`
}

// Narrowing are the flags that narrow a rule of any action alike.
type Narrowing struct {
	// Only calls made by one of these programs. An empty list is refused.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	FromSource []FromSource `json:"fromSource,omitzero"`

	// Only calls made by a process that has a controlling terminal.
	// +optional
	PTS bool `json:"pts,omitempty"`
}
