package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Types of conditions of a policy.
const (
	// ConditionAccepted is true when the policy is valid.
	ConditionAccepted = "Accepted"
	// ConditionEnforced is true when every node concerned has put this generation into force.
	ConditionEnforced = "Enforced"
)

// PolicyStatus says what has become of a policy.
type PolicyStatus struct {
	// Accepted (the policy is valid) and Enforced (every node concerned has put it into force).
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Pods that the policy concerns.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MatchedPods int32 `json:"matchedPods"`

	// Nodes that the policy concerns.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NodesConcerned int32 `json:"nodesConcerned"`

	// Of those, nodes that enforce this generation of it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NodesEnforced int32 `json:"nodesEnforced"`

	// Both as one text, such as 3/5.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Nodes string `json:"nodes,omitempty"`

	// Rules and fields that some node can't enforce. A long list is cut, and says so in its last entry.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=101
	NotEnforced []NotEnforcedRule `json:"notEnforced,omitempty"`
}

// NotEnforcedRule is a rule or field of the policy that is not enforced.
type NotEnforcedRule struct {
	// Field path of the rule, such as spec.process.matchPaths[0].
	// +kubebuilder:validation:MaxLength=512
	Rule string `json:"rule"`

	// Node that can't enforce it. Without it, no node can.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Node string `json:"node,omitempty"`

	// Why.
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason"`
}
