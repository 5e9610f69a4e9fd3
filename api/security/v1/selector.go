package v1

// Operator relates a key to values.
//
// +kubebuilder:validation:Enum=In;NotIn;Exists;DoesNotExist
type Operator string

// The operators.
const (
	OpIn           Operator = "In"
	OpNotIn        Operator = "NotIn"
	OpExists       Operator = "Exists"
	OpDoesNotExist Operator = "DoesNotExist"
)

// ContainerNameLabel in matchLabels narrows a policy to containers by name, one
// or a list "[a,b]". It is no label of the pod.
const ContainerNameLabel = "kubearmor.io/container.name"

// Labels in a nodeSelector that name a host, as the node's label or as the host's own name.
const (
	HostNameLabel           = "kubearmor.io/hostname"
	KubernetesHostNameLabel = "kubernetes.io/hostname"
)

// PodSelector picks pods. All of its parts have to hold; an empty one picks all.
//
// +kubebuilder:pruning:PreserveUnknownFields
type PodSelector struct {
	// Labels the pod has to have. The label kubearmor.io/container.name, with a name or
	// a list "[a,b]", narrows the policy to those containers of the pod.
	// +optional
	// +kubebuilder:validation:MaxProperties=256
	MatchLabels map[string]string `json:"matchLabels,omitempty"`

	// Conditions on the pod's labels.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	MatchExpressions []SelectorExpression `json:"matchExpressions,omitempty"`
}

// SelectorExpression is one condition on labels or, in a cluster policy, on the namespace.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="self.operator == 'Exists' || self.operator == 'DoesNotExist' ? (!has(self.values) || size(self.values) == 0) : (has(self.values) && size(self.values) > 0)",message="In and NotIn need values, Exists and DoesNotExist take none"
// +kubebuilder:validation:XValidation:rule="self.key != 'label' || !has(self.values) || self.values.all(v, v.contains('='))",message="values of key label have the form name=value"
type SelectorExpression struct {
	// Name of a label; or `label`, with values of the form name=value; or, in a cluster
	// policy, `namespace`, with names of namespaces.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	Key string `json:"key"`

	// In, NotIn, Exists or DoesNotExist. NotIn also picks what lacks the label.
	Operator Operator `json:"operator"`

	// Values for In and NotIn.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=400
	Values []string `json:"values,omitempty"`
}

// NodeSelector picks nodes. An empty one picks all.
//
// +kubebuilder:pruning:PreserveUnknownFields
type NodeSelector struct {
	// Labels the node has to have. kubearmor.io/hostname and kubernetes.io/hostname also
	// stand for the host's own name; the value `*` is any host.
	// +optional
	// +kubebuilder:validation:MaxProperties=256
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
}
