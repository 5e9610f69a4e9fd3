package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KubeArmorHostPolicySpec says which nodes the policy concerns and what their
// processes outside of containers may do.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="has(self.process) || has(self.file) || has(self.network) || has(self.capabilities) || has(self.syscalls) || has(self.presets) || has(self.apparmor) || has(self.device)",message="the policy has no rule: give at least one of process, file, network, capabilities, syscalls, presets"
type KubeArmorHostPolicySpec struct {
	// Nodes that the policy concerns. Without it, all of them.
	// +optional
	NodeSelector NodeSelector `json:"nodeSelector,omitzero"`

	PolicyRules `json:",inline"`
}

// KubeArmorHostPolicy says what the processes of a node that belong to no
// container may do: which programs they start, which files, networks and
// capabilities they use.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=kubearmorhostpolicies,singular=kubearmorhostpolicy,shortName=hsp,scope=Cluster,categories=kubearmor
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.action`,description="Action of rules that name none of their own"
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Nodes",type=string,JSONPath=`.status.nodes`,description="Nodes that enforce it, of nodes concerned"
// +kubebuilder:printcolumn:name="Enforced",type=string,JSONPath=`.status.conditions[?(@.type=="Enforced")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type KubeArmorHostPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the policy asks for.
	Spec KubeArmorHostPolicySpec `json:"spec"`
	// What has become of it. Written by the operator.
	// +optional
	Status PolicyStatus `json:"status,omitzero"`
}

// KubeArmorHostPolicyList is a list of KubeArmorHostPolicy.
//
// +kubebuilder:object:root=true
type KubeArmorHostPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []KubeArmorHostPolicy `json:"items"`
}
