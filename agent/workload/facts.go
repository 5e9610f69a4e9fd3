package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"kubearmor.io/policy"
)

// Facts are the policies and what the cluster says of namespaces and pods, at one moment.
// They are not changed once they were given.
type Facts struct {
	Policies   []*policy.Policy
	Namespaces map[string]Namespace
	// Pods, by UID, supersede what the runtime says, which knows a pod as it was created.
	Pods map[string]PodFacts
}

// Namespace is what a namespace says of its pods.
type Namespace struct{ Annotations map[string]string }

// PodFacts are what may change of a pod.
type PodFacts struct{ Labels, Annotations map[string]string }

// Annotations that are read.
const (
	AnnotationPolicy       = "kubearmor-policy"        // of a pod: enabled, audited, disabled
	AnnotationFileBaseline = "kubearmor-file-baseline" // of a namespace: runtime, none
)

// postureAnnotations of a namespace, by category.
var postureAnnotations = [...]string{
	policy.Process: "kubearmor-process-posture", policy.File: "kubearmor-file-posture",
	policy.Network: "kubearmor-network-posture", policy.Capabilities: "kubearmor-capabilities-posture",
}

// Defaults are the configuration's, which namespaces override.
type Defaults struct {
	Postures   policy.Postures
	NoBaseline bool
}

// verdict is what holds for one container: which policies, how.
type verdict struct {
	selected []*policy.Policy
	options  policy.Options
	key      string   // equal verdicts have equal keys
	strange  []string // what was said and not understood
}

// judge selects the policies of a container, and how they are to be taken.
func (f *Facts) judge(c Container, node string, def Defaults, digests *digests) (verdict, error) {
	pod := PodFacts{Labels: c.Pod.Labels, Annotations: c.Pod.Annotations}
	if newer, ok := f.Pods[c.Pod.UID]; ok && c.Pod.UID != "" {
		pod = newer
	}
	v := verdict{options: policy.Options{Postures: def.Postures, NoBaseline: def.NoBaseline}}
	v.readNamespace(f.Namespaces[c.Pod.Namespace])
	switch value := pod.Annotations[AnnotationPolicy]; value {
	case "", "enabled":
	case "audited":
		v.options.Audited = true
	case "disabled":
		return v.seal(digests)
	default:
		v.strange = append(v.strange, fmt.Sprintf("%s: %.64q is not enabled, audited or disabled: taken as enabled", AnnotationPolicy, value))
	}
	target := policy.Target{HostName: node, Namespace: c.Pod.Namespace, Labels: pod.Labels, Container: c.Name}
	for _, p := range f.Policies {
		if p.Selects(target) {
			v.selected = append(v.selected, p)
		}
	}
	return v.seal(digests)
}

// readNamespace takes postures and baseline from annotations. What is unknown is block, and said.
func (v *verdict) readNamespace(ns Namespace) {
	for category, name := range postureAnnotations {
		value, ok := ns.Annotations[name]
		if !ok && policy.Category(category) == policy.Process {
			// Process, where it is unset, is file's.
			name = postureAnnotations[policy.File]
			value, ok = ns.Annotations[name]
		}
		switch {
		case !ok:
		case value == policy.PostureAudit.String():
			v.options.Postures[category] = policy.PostureAudit
		default:
			v.options.Postures[category] = policy.PostureBlock
			if value != policy.PostureBlock.String() {
				v.strange = append(v.strange, fmt.Sprintf("%s: %.64q is not block or audit: taken as block", name, value))
			}
		}
	}
	switch value, ok := ns.Annotations[AnnotationFileBaseline]; {
	case !ok:
	case value == "none":
		v.options.NoBaseline = true
	case value == "runtime":
		v.options.NoBaseline = false
	default:
		v.strange = append(v.strange, fmt.Sprintf("%s: %.64q is not runtime or none: left as configured", AnnotationFileBaseline, value))
	}
	slices.Sort(v.strange)
	v.strange = slices.Compact(v.strange)
}

// seal computes the key. Where no policy is selected nothing else matters.
func (v verdict) seal(digests *digests) (verdict, error) {
	if len(v.selected) == 0 {
		v.options = policy.Options{NoBaseline: true}
	}
	var all []string
	for _, p := range v.selected {
		d, err := digests.of(p)
		if err != nil {
			return v, err
		}
		all = append(all, d)
	}
	slices.Sort(all)
	text, err := json.Marshal(struct {
		Policies            []string
		Postures            policy.Postures
		NoBaseline, Audited bool
	}{all, v.options.Postures, v.options.NoBaseline, v.options.Audited})
	if err != nil {
		return v, err
	}
	sum := sha256.Sum256(text)
	v.key = hex.EncodeToString(sum[:])
	return v, nil
}
