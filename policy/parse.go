package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	v1 "kubearmor.io/api/security/v1"
)

// Limits of what Parse accepts. A policy beyond one is refused with an error that
// names the limit.
const (
	MaxRules       = 10_000  // rules of one policy
	MaxPathLength  = 4096    // bytes of a path or pattern
	MaxSources     = 64      // fromSource entries of one rule
	MaxAllowedArgs = 128     // allowedArgs of one rule
	MaxPorts       = 256     // ports of one endpoint
	MaxSyscalls    = 512     // system calls of one rule
	MaxPresets     = 64      // presets of one policy
	MaxExpressions = 64      // matchExpressions of one selector
	MaxValues      = 256     // values of one expression, labels of one selector
	MaxTags        = 64      // tags of one rule, section or policy
	MaxTagLength   = 256     // bytes of a tag
	MaxTextLength  = 4096    // bytes of a message, or of an allowed argument
	MaxAppArmor    = 65536   // bytes of raw AppArmor rules
	MaxProblems    = 100     // problems told of one object
	MaxInputBytes  = 8 << 20 // bytes of one file or stream
)

// ParseOptions change what Parse does with an input.
type ParseOptions struct {
	// SkipOthers passes over objects that are no policies (a Deployment in an
	// application's file) where an error is reported otherwise.
	SkipOthers bool
}

// Input is what one file or stream held.
type Input struct {
	Policies []*Policy
	// Warnings are about objects that give no policy and are accepted all the same.
	// What is doubtful in a policy is in its own Warnings and NotEnforced.
	Warnings []FieldError
}

// Parse reads policies in YAML or JSON, several documents and lists included. It is
// strict: an unknown field, a duplicate key or a wrong type is an error. All problems
// of the input are reported, as Errors; if there is one, no policy is returned.
func Parse(r io.Reader, source string) ([]*Policy, error) {
	in, err := ParseInput(r, source, ParseOptions{})
	if err != nil {
		return nil, err
	}
	return in.Policies, nil
}

// ParseFile is Parse for a file.
func ParseFile(path string) ([]*Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Errors{{Source: path, Problem: "can't be read: " + pathCause(err), Mend: "give a file that exists and may be read"}}
	}
	defer f.Close()
	return Parse(f, path)
}

// ParseInput is Parse with options and with warnings about what was passed over.
func ParseInput(r io.Reader, source string, opts ParseOptions) (*Input, error) {
	p := &parser{source: source, opts: opts, seen: map[Ref]string{}}
	data, err := io.ReadAll(io.LimitReader(r, MaxInputBytes+1))
	switch {
	case err != nil:
		return nil, Errors{{Source: source, Problem: "can't be read: " + pathCause(err)}}
	case len(data) > MaxInputBytes:
		return nil, Errors{{Source: source, Problem: fmt.Sprintf("is larger than %d bytes", MaxInputBytes), Mend: "split it into several files"}}
	}
	docs, bad := readDocuments(data)
	for i, n := range docs {
		p.document(n, fmt.Sprintf("document %d", i+1))
	}
	if bad != nil {
		bad.Source = source
		p.errs = append(p.errs, *bad)
	}
	if len(docs) == 0 && bad == nil {
		p.errs = append(p.errs, FieldError{Source: source, Problem: "holds no object", Mend: "give a policy with apiVersion, kind, metadata and spec"})
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return &p.in, nil
}

// FromObject turns an object of the API into a policy: *v1.KubeArmorPolicy,
// *v1.KubeArmorClusterPolicy, *v1.KubeArmorHostPolicy, a map[string]any, or anything
// with UnstructuredContent. Use an unstructured object wherever the object comes from
// others: decoding into a typed one has already dropped the fields it doesn't know.
func FromObject(obj any, source string) (*Policy, error) {
	switch o := obj.(type) {
	case *v1.KubeArmorPolicy:
		return fromTyped(typedObject{KindPolicy, o.Namespace, o.Name, &o.Spec.Selector, nil, &o.Spec.PolicyRules}, source)
	case *v1.KubeArmorClusterPolicy:
		return fromTyped(typedObject{KindClusterPolicy, o.Namespace, o.Name, &o.Spec.Selector, nil, &o.Spec.PolicyRules}, source)
	case *v1.KubeArmorHostPolicy:
		return fromTyped(typedObject{KindHostPolicy, o.Namespace, o.Name, nil, &o.Spec.NodeSelector, &o.Spec.PolicyRules}, source)
	case interface{ UnstructuredContent() map[string]any }:
		return fromMap(o.UnstructuredContent(), source)
	case map[string]any:
		return fromMap(o, source)
	}
	return nil, Errors{{Source: source, Problem: fmt.Sprintf("a %T is no policy", obj), Mend: "give a KubeArmorPolicy, KubeArmorClusterPolicy or KubeArmorHostPolicy"}}
}

func fromTyped(o typedObject, source string) (*Policy, error) {
	p, errs := o.policy(source, nil)
	if len(errs) > 0 {
		return nil, errs
	}
	return p, nil
}

func fromMap(m map[string]any, source string) (*Policy, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, Errors{{Source: source, Problem: "can't be written as JSON: " + err.Error()}}
	}
	docs, bad := readDocuments(data)
	if bad != nil {
		bad.Source = source
		return nil, Errors{*bad}
	}
	p := &parser{source: source, seen: map[Ref]string{}}
	for _, n := range docs {
		p.document(n, "")
	}
	if len(p.errs) == 0 && len(p.in.Policies) != 1 {
		p.errs = Errors{{Source: source, Problem: "is not one policy", Mend: "give one object of a kind of policy that is enforced"}}
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return p.in.Policies[0], nil
}

// pathCause leaves out the path that an error repeats.
func pathCause(err error) string {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
