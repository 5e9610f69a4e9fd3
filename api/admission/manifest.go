package admission

import (
	"fmt"
	"reflect"
	"strings"

	v1 "kubearmor.io/api/security/v1"
)

// resource is a kind of policy as the API server serves it.
type resource struct {
	plural string
	spec   reflect.Type
}

// UnknownFields returns the manifest: for each kind of policy an admission policy and
// its binding.
func UnknownFields() string {
	var b strings.Builder
	b.WriteString("# Generated from the types of api/security/v1; do not edit.\n")
	for _, r := range []resource{
		{"kubearmorpolicies", reflect.TypeFor[v1.KubeArmorPolicySpec]()},
		{"kubearmorclusterpolicies", reflect.TypeFor[v1.KubeArmorClusterPolicySpec]()},
		{"kubearmorhostpolicies", reflect.TypeFor[v1.KubeArmorHostPolicySpec]()},
	} {
		r.write(&b)
	}
	return b.String()
}

func (r resource) write(b *strings.Builder) {
	name := "unknown-fields." + r.plural + "." + v1.Group
	fmt.Fprintf(b, `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: %s
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - apiGroups: [%s]
      apiVersions: [%s]
      operations: [CREATE, UPDATE]
      resources: [%s]
  matchConditions:
  - name: spec-changes # so that what is stored already can still be labelled and deleted
    expression: request.operation == 'CREATE' || object.spec != oldObject.spec
`, name, v1.Group, v1.Version, r.plural)
	found := checks(r.spec)
	b.WriteString("  variables:\n")
	written := map[string]bool{}
	for _, c := range found {
		if !written[c.variable] {
			written[c.variable] = true
			fmt.Fprintf(b, "  - name: %s\n    expression: \"{%s: true}\"\n", c.variable, "'"+strings.Join(c.fields, "': true, '")+"'")
		}
	}
	b.WriteString("  validations:\n")
	for _, c := range found {
		fmt.Fprintf(b, "  - expression: \"%s\"\n    message: \"%s has a field that is not known; known are %s\"\n    reason: Invalid\n",
			c.expression, c.place, strings.Join(c.fields, ", "))
	}
	fmt.Fprintf(b, `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: %s
spec:
  policyName: %s
  validationActions: [Deny]
`, name, name)
}
