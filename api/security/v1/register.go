package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// Group is the API group of all policies.
	Group = "security.kubearmor.com"
	// Version is the one version served.
	Version = "v1"
	// APIVersion is what a policy's `apiVersion` says.
	APIVersion = Group + "/" + Version
)

// GroupVersion returns the group and version of all policies.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: Version}
}

// AddToScheme makes the policies known to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion(),
		&KubeArmorPolicy{}, &KubeArmorPolicyList{},
		&KubeArmorClusterPolicy{}, &KubeArmorClusterPolicyList{},
		&KubeArmorHostPolicy{}, &KubeArmorHostPolicyList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion())
	return nil
}
