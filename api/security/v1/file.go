package v1

// FileRules are rules about reading and writing files.
//
// +kubebuilder:pruning:PreserveUnknownFields
type FileRules struct {
	// Files by path.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchPaths []FilePathRule `json:"matchPaths,omitempty"`

	// Files by directory.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchDirectories []FileDirectoryRule `json:"matchDirectories,omitempty"`

	// Files by glob.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchPatterns []FilePatternRule `json:"matchPatterns,omitempty"`

	Attributes `json:",inline"`
}

// FileFlags say what a file rule is about. Allow matches what satisfies all of a
// rule's flags; Block and Audit match what does not.
type FileFlags struct {
	// Reading: Allow matches reads alone, Block everything but reads.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`

	// The caller owns the file: Allow matches the owner alone, Block everyone else.
	// +optional
	OwnerOnly bool `json:"ownerOnly,omitempty"`
}

// FilePathRule matches a file by its path.
//
// +kubebuilder:pruning:PreserveUnknownFields
type FilePathRule struct {
	// Absolute path of the file. With `*`, `?`, `[a-z]` or `{a,b}` it is a glob; `\` escapes.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+$`
	Path string `json:"path"`

	FileFlags  `json:",inline"`
	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}

// FileDirectoryRule matches a directory and the files in it.
//
// +kubebuilder:pruning:PreserveUnknownFields
type FileDirectoryRule struct {
	// Absolute path of the directory, such as /etc/. It takes no wildcards.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/|(/([^/.\x00][^/\x00]*|\.[^/.\x00][^/\x00]*|\.\.[^/\x00]+))+/?)$`
	Dir string `json:"dir"`

	// Everything below the directory, not its direct children alone.
	// +optional
	Recursive bool `json:"recursive,omitempty"`

	FileFlags  `json:",inline"`
	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}

// FilePatternRule matches files by a glob.
//
// +kubebuilder:pruning:PreserveUnknownFields
type FilePatternRule struct {
	// Glob that begins with / or **: `*` is any run without a slash, `**` any run, `?` one
	// character but a slash, `[a-z]` and `[^a]` one of a class, `{a,b}` a choice; `\` escapes.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^(/|\*\*)[^\x00]*$`
	Pattern string `json:"pattern"`

	FileFlags  `json:",inline"`
	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}
