package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KubeArmorPolicySpec says which pods of the policy's namespace it concerns and
// what their processes may do.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="has(self.process) || has(self.file) || has(self.network) || has(self.capabilities) || has(self.syscalls) || has(self.presets) || has(self.apparmor) || has(self.device)",message="the policy has no rule: give at least one of process, file, network, capabilities, syscalls, presets"
type KubeArmorPolicySpec struct {
	// Pods of this namespace that the policy concerns. Without it, all of them.
	// +optional
	Selector PodSelector `json:"selector,omitzero"`

	PolicyRules `json:",inline"`
}

// KubeArmorPolicy says what the processes in pods of its own namespace may do:
// which programs they start, which files, networks and capabilities they use.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=kubearmorpolicies,singular=kubearmorpolicy,shortName=ksp,categories=kubearmor
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.action`,description="Action of rules that name none of their own"
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Pods",type=integer,JSONPath=`.status.matchedPods`,description="Pods that the policy concerns"
// +kubebuilder:printcolumn:name="Nodes",type=string,JSONPath=`.status.nodes`,description="Nodes that enforce it, of nodes concerned"
// +kubebuilder:printcolumn:name="Enforced",type=string,JSONPath=`.status.conditions[?(@.type=="Enforced")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type KubeArmorPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the policy asks for.
	Spec KubeArmorPolicySpec `json:"spec"`
	// What has become of it. Written by the operator.
	// +optional
	Status PolicyStatus `json:"status,omitzero"`
}

// KubeArmorPolicyList is a list of KubeArmorPolicy.
//
// +kubebuilder:object:root=true
type KubeArmorPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []KubeArmorPolicy `json:"items"`
}
