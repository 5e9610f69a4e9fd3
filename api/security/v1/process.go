package v1

// ProcessRules are rules about executing programs.
//
// +kubebuilder:pruning:PreserveUnknownFields
type ProcessRules struct {
	// Programs by path or by base name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchPaths []ProcessPathRule `json:"matchPaths,omitempty"`

	// Programs by directory.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchDirectories []ProcessDirectoryRule `json:"matchDirectories,omitempty"`

	// Programs by glob.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchPatterns []ProcessPatternRule `json:"matchPatterns,omitempty"`

	Attributes `json:",inline"`
}

// ProcessFlags say what a process rule is about. Allow matches what satisfies all
// of a rule's flags; Block and Audit match what does not.
type ProcessFlags struct {
	// The caller owns the program's file: Allow matches the owner alone, Block everyone else.
	// +optional
	OwnerOnly bool `json:"ownerOnly,omitempty"`

	// Every argument after the first is among these: Allow matches such calls alone, Block all others.
	// An empty list allows no argument.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MaxLength=4096
	AllowedArgs []string `json:"allowedArgs,omitzero"`
}

// ProcessPathRule matches a program by its path or by its base name.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="has(self.path) != has(self.execname)",message="give exactly one of path and execname"
type ProcessPathRule struct {
	// Absolute path of the program. With `*`, `?`, `[a-z]` or `{a,b}` it is a glob; `\` escapes.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+$`
	Path string `json:"path,omitempty"`

	// Base name of the program, in whatever directory it lies.
	// +optional
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[^/\x00]+$`
	ExecName string `json:"execname,omitempty"`

	ProcessFlags `json:",inline"`
	Narrowing    `json:",inline"`
	Attributes   `json:",inline"`
}

// ProcessDirectoryRule matches the programs in a directory.
//
// +kubebuilder:pruning:PreserveUnknownFields
type ProcessDirectoryRule struct {
	// Absolute path of the directory, such as /usr/local/bin/. It takes no wildcards.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/|(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+/?)$`
	Dir string `json:"dir"`

	// Everything below the directory, not its direct children alone.
	// +optional
	Recursive bool `json:"recursive,omitempty"`

	ProcessFlags `json:",inline"`
	Narrowing    `json:",inline"`
	Attributes   `json:",inline"`
}

// ProcessPatternRule matches programs by a glob.
//
// +kubebuilder:pruning:PreserveUnknownFields
type ProcessPatternRule struct {
	// Glob that begins with / or **: `*` is any run without a slash, `**` any run, `?` one
	// character but a slash, `[a-z]` and `[^a]` one of a class, `{a,b}` a choice; `\` escapes.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/|\*\*)[^\x00]*$`
	Pattern string `json:"pattern"`

	ProcessFlags `json:",inline"`
	Narrowing    `json:",inline"`
	Attributes   `json:",inline"`
}
