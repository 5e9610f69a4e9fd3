// Package v1 holds the custom resources that say what containers and hosts may do:
// KubeArmorPolicy, KubeArmorClusterPolicy and KubeArmorHostPolicy.
//
// It owns the names of their fields and nothing of their meaning: package policy
// parses, validates and decides. The operator, the agent and karmor use these
// types to talk to the API server. The deep copies and the CRDs under config/crd
// are generated from them by `go generate ./...`; edit the types, never those.
//
// A Go client that decodes an object into these types loses fields it does not
// know. Whoever judges a policy therefore reads it unstructured and hands it to
// policy.FromObject.
//
// +kubebuilder:object:generate=true
// +groupName=security.kubearmor.com
package v1

//go:generate env GOWORK=off go tool -modfile=../../tools/go.mod controller-gen object crd paths=. output:crd:artifacts:config=../../../config/crd/bases
