package policy

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "kubearmor.io/api/security/v1"
)

// defaultNamespace is the namespace of a policy that names none.
const defaultNamespace = "default"

// typedObject is a policy as the API has it. Either pods or nodes is set.
type typedObject struct {
	kind      Kind
	namespace string
	name      string
	pods      *v1.PodSelector
	nodes     *v1.NodeSelector
	rules     *v1.PolicyRules
}

// validator turns the parts of an object into parts of a policy and collects what is
// wrong with them.
type validator struct {
	policy        *Policy
	errs          Errors
	knownSyscalls map[string]bool // filled when the first is asked for
}

func (v *validator) fail(field, problem, mend string) {
	if len(v.errs) > MaxProblems {
		return
	}
	name := v.policy.Name
	if v.policy.Namespace != "" {
		name = v.policy.Namespace + "/" + name
	}
	v.errs = append(v.errs, FieldError{Source: v.policy.Source, Kind: v.policy.Kind.String(), Name: name, Field: field, Problem: problem, Mend: mend})
}

func (v *validator) warn(format string, args ...any) {
	v.policy.Warnings = append(v.policy.Warnings, fmt.Sprintf(format, args...))
}

// policy validates the object. warnings are those found while it was read.
func (o typedObject) policy(source string, warnings []string) (*Policy, Errors) {
	v := &validator{policy: &Policy{Ref: Ref{o.kind, o.namespace, o.name}, Source: source, Warnings: warnings}}
	v.identity()
	if o.pods != nil {
		v.podSelector(o.pods)
	}
	if o.nodes != nil {
		v.nodeSelector(o.nodes)
	}
	v.spec(o.rules)
	if len(v.errs) > 0 {
		return nil, v.errs
	}
	return v.policy, nil
}

// most refuses a list that is too long.
func (v *validator) most(field string, n, limit int, mend string) {
	if n > limit {
		v.fail(field, fmt.Sprintf("has %d entries, the limit is %d", n, limit), mend)
	}
}

// longest refuses a text that is too long.
func (v *validator) longest(field, s string, limit int) {
	if len(s) > limit {
		v.fail(field, fmt.Sprintf("is %d bytes long, the limit is %d", len(s), limit), "shorten it")
	}
}

// identity checks name and namespace and fills in the default one.
func (v *validator) identity() {
	ref := &v.policy.Ref
	switch problems := validation.IsDNS1123Subdomain(ref.Name); {
	case ref.Name == "":
		v.fail("metadata.name", "is missing", "give the policy a name")
	case len(problems) > 0:
		v.fail("metadata.name", fmt.Sprintf("%q is no name of an object", ref.Name), "use lower case letters, digits, - and . and begin and end with a letter or digit")
	}
	switch {
	case ref.Kind != KindPolicy && ref.Namespace != "":
		v.fail("metadata.namespace", "a "+ref.Kind.String()+" belongs to no namespace", "remove it")
	case ref.Kind == KindPolicy && ref.Namespace == "":
		ref.Namespace = defaultNamespace
	case ref.Kind == KindPolicy && len(validation.IsDNS1123Label(ref.Namespace)) > 0:
		v.fail("metadata.namespace", fmt.Sprintf("%q is no name of a namespace", ref.Namespace), "use lower case letters, digits and -")
	}
}

func (v *validator) spec(r *v1.PolicyRules) {
	switch r.Mode {
	case "", v1.ModeEnforce:
	case v1.ModeAudit:
		v.policy.Mode = ModeAudit
	default:
		v.fail("spec.mode", fmt.Sprintf("%q is no mode", r.Mode), oneOf(string(r.Mode), string(v1.ModeEnforce), string(v1.ModeAudit)))
	}
	v.attributes("spec", r.Attributes, allActions)
	v.process(r.Process, r.Attributes)
	v.file(r.File, r.Attributes)
	v.network(r.Network, r.Attributes)
	v.capabilities(r.Capabilities, r.Attributes)
	v.syscalls(r.Syscalls, r.Attributes)
	v.presets(r.Presets, r.Attributes)
	v.notEnforced(r)
	switch n := len(v.policy.Rules); {
	case n == 0 && len(v.policy.NotEnforced) == 0 && len(v.errs) == 0:
		v.fail("spec", "has no rule", "give at least one of process, file, network, capabilities, syscalls, presets")
	case n > MaxRules:
		v.fail("spec", fmt.Sprintf("has %d rules, the limit is %d", n, MaxRules), "use directories and patterns, or split the policy")
	}
}

// notEnforced lists the fields that are accepted because published policies have them.
func (v *validator) notEnforced(r *v1.PolicyRules) {
	add := func(field, reason string) {
		v.policy.NotEnforced = append(v.policy.NotEnforced, NotEnforced{field, reason})
	}
	if r.Network != nil && len(r.Network.MatchDNSQueries) > 0 {
		add("spec.network.matchDNSQueries", "rules about DNS queries are not enforced yet")
	}
	if r.AppArmor != "" {
		v.longest("spec.apparmor", r.AppArmor, MaxAppArmor)
		add("spec.apparmor", "raw AppArmor rules are not enforced")
	}
	if r.Device != nil {
		v.attributes("spec.device", r.Device.Attributes, allActions)
		if len(r.Device.MatchDevice) > 0 {
			add("spec.device.matchDevice", "rules about devices are not enforced yet")
		}
	}
}

// add appends a rule, with what it inherits already filled in attrs.
func (v *validator) add(r Rule, attrs v1.Attributes) {
	r.Action, _ = parseAction(attrs.Action)
	r.Severity, r.Tags, r.Message = int(attrs.Severity), slices.Clone(attrs.Tags), attrs.Message
	v.policy.Rules = append(v.policy.Rules, r)
}

// oneOf says which word was meant, or which there are.
func oneOf(word string, known ...string) string {
	if near := nearest(word, known); near != "" {
		return "write " + near
	}
	return "write one of " + strings.Join(known, ", ")
}
