package policy

import (
	"fmt"
	"slices"
	"strings"

	v1 "kubearmor.io/api/security/v1"
)

// object is one object of an input while it is being read.
type object struct {
	source     string
	place      string // which document, for one without a name
	root       *node
	apiVersion string
	kind       string
	namespace  string
	name       string
	errs       Errors
}

func (o *object) problem(field string, line int, problem, mend string) FieldError {
	name := strings.TrimPrefix(o.namespace+"/"+o.name, "/")
	if o.name == "" {
		name = o.place
	}
	return FieldError{Source: o.source, Kind: o.kind, Name: name, Field: field, Line: line, Problem: problem, Mend: mend}
}

func (o *object) fail(field string, line int, problem, mend string) {
	if len(o.errs) > MaxProblems {
		return
	}
	o.errs = append(o.errs, o.problem(field, line, problem, mend))
}

// listed returns the errors, or the first of them where there are too many.
func (o *object) listed() Errors {
	if len(o.errs) <= MaxProblems {
		return o.errs
	}
	return append(o.errs[:MaxProblems], o.problem("", o.root.line, fmt.Sprintf("has more than these %d problems", MaxProblems), "mend them first"))
}

// located adds to errors, found without the text, the lines they are about.
func (o *object) located(errs Errors) Errors {
	if len(errs) == 0 {
		return nil
	}
	lines := map[string]int{}
	o.root.lines("", lines)
	for i := range errs {
		e := &errs[i]
		if o.name == "" {
			e.Name = o.place
		}
		for field := e.Field; field != "" && e.Line == 0; field = outer(field) {
			e.Line = lines[field]
		}
	}
	return errs
}

// header reads what all objects of all kinds have.
func (o *object) header() {
	if meta := o.root.get("metadata"); meta != nil && meta.kind == objectNode {
		// Read first: every error below names the object.
		o.name, o.namespace = meta.textOf("name"), meta.textOf("namespace")
	}
	o.kind, o.apiVersion = o.root.textOf("kind"), o.root.textOf("apiVersion")
	if o.kind == KindPolicy.String() && o.name != "" && o.namespace == "" {
		o.namespace = defaultNamespace
	}
	if o.kind == "" {
		o.fail("kind", o.root.line, "is missing or no text", "write one of "+strings.Join(kindNames()[:3], ", "))
	}
	if o.apiVersion == "" {
		o.fail("apiVersion", o.root.line, "is missing or no text", "write "+v1.APIVersion)
	}
}

// isList says whether the object is a `kind: List` or a list of one of our kinds.
func (o *object) isList(group string) bool {
	return o.kind == "List" && o.apiVersion == "v1" ||
		group == v1.Group && slices.Contains(kindNames(), strings.TrimSuffix(o.kind, "List")) && strings.HasSuffix(o.kind, "List")
}

// decode reads the object into the types of the API, strictly.
func (o *object) decode(kind Kind) (typedObject, []string) {
	t := typedObject{kind: kind, namespace: o.namespace, name: o.name}
	for _, m := range o.root.members {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "spec", "status"}, m.key) {
			o.fail(joinField("", m.key), m.line, "is not a field of "+o.kind, suggest(m.key, []string{"metadata", "spec"}))
		}
	}
	o.metadata()
	spec := o.root.get("spec")
	if spec == nil || spec.kind != objectNode {
		o.fail("spec", o.root.line, "is missing or no object", "say what the policy asks for")
		t.rules = &v1.PolicyRules{}
		return t, nil
	}
	d := decoder{}
	switch kind {
	case KindPolicy:
		var s v1.KubeArmorPolicySpec
		d.into(spec, &s, "spec")
		t.pods, t.rules = &s.Selector, &s.PolicyRules
	case KindClusterPolicy:
		var s v1.KubeArmorClusterPolicySpec
		d.into(spec, &s, "spec")
		t.pods, t.rules = &s.Selector, &s.PolicyRules
	case KindHostPolicy:
		var s v1.KubeArmorHostPolicySpec
		d.into(spec, &s, "spec")
		t.nodes, t.rules = &s.NodeSelector, &s.PolicyRules
	}
	for _, e := range d.errs {
		o.fail(e.Field, e.Line, e.Problem, e.Mend)
	}
	return t, d.warnings
}

// metadataFields are the fields of an object's metadata in Kubernetes. Only name and
// namespace mean something here, but a misspelt namespace must not become `default`.
func metadataFields() []string {
	return []string{"name", "namespace", "labels", "annotations", "generateName", "selfLink", "uid", "resourceVersion", "generation",
		"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers", "managedFields"}
}

func (o *object) metadata() {
	meta := o.root.get("metadata")
	if meta == nil || meta.kind != objectNode {
		return // the name is reported missing
	}
	for _, m := range meta.members {
		field := joinField("metadata", m.key)
		switch {
		case !slices.Contains(metadataFields(), m.key):
			o.fail(field, m.line, "is not a field of metadata", suggest(m.key, metadataFields()[:4]))
		case (m.key == "name" || m.key == "namespace") && m.value.kind != textNode:
			o.fail(field, m.line, "is "+m.value.describe()+", not a text", quoteMend(m.value))
		case m.key == "labels" || m.key == "annotations":
			var d decoder
			var texts map[string]string
			d.into(m.value, &texts, field)
			for _, e := range d.errs {
				o.fail(e.Field, e.Line, e.Problem, e.Mend)
			}
		}
	}
}

// suggest says which known field was meant, or which there are.
func suggest(key string, known []string) string {
	if near := nearest(key, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "remove it, or use one of " + strings.Join(known, ", ")
}
