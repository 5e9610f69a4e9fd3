package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "kubearmor.io/api/security/v1"
)

const (
	podSelectorField  = "spec.selector"
	nodeSelectorField = "spec.nodeSelector.matchLabels"
	anyHost           = "*"
)

func cutPair(pair string) (key, value string, ok bool) { return strings.Cut(pair, "=") }

func (v *validator) require(r Requirement) {
	v.policy.Selector.Requirements = append(v.policy.Selector.Requirements, r)
}

func (v *validator) podSelector(s *v1.PodSelector) {
	v.most(podSelectorField+".matchLabels", len(s.MatchLabels), MaxValues, "use fewer")
	v.most(podSelectorField+".matchExpressions", len(s.MatchExpressions), MaxExpressions, "use fewer")
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		field, value := joinField(podSelectorField+".matchLabels", key), s.MatchLabels[key]
		if key == v1.ContainerNameLabel {
			v.containers(field, value)
			continue
		}
		v.labelKey(field, key)
		v.labelValue(field, value)
		v.require(Requirement{SubjectLabel, key, v1.OpIn, []string{value}})
	}
	for i, e := range s.MatchExpressions {
		v.expression(indexField(podSelectorField+".matchExpressions", i), e)
	}
}

// containers takes a name, or a list "[a,b]".
func (v *validator) containers(field, value string) {
	list, isList := strings.CutPrefix(value, "[")
	if isList {
		list, isList = strings.CutSuffix(list, "]")
	}
	names := []string{value}
	if isList {
		names = strings.Split(list, ",")
	}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if len(validation.IsDNS1123Label(name)) > 0 {
			v.fail(field, fmt.Sprintf("%q is no name of a container", name), `write a name, or a list like "[a,b]"`)
			continue
		}
		v.policy.Selector.Containers = append(v.policy.Selector.Containers, name)
	}
}

func (v *validator) expression(field string, e v1.SelectorExpression) {
	r := Requirement{SubjectLabel, e.Key, e.Operator, slices.Clone(e.Values)}
	v.most(field+".values", len(e.Values), MaxValues, "use several policies")
	withValues := e.Operator == v1.OpIn || e.Operator == v1.OpNotIn
	switch {
	case e.Key == "":
		v.fail(field, "has no key", "name a label")
		return
	case e.Operator == "":
		v.fail(field, "has no operator", "give one of In, NotIn, Exists, DoesNotExist")
		return
	case !withValues && e.Operator != v1.OpExists && e.Operator != v1.OpDoesNotExist:
		v.fail(field+".operator", fmt.Sprintf("%q is no operator", e.Operator), oneOf(string(e.Operator), "In", "NotIn", "Exists", "DoesNotExist"))
		return
	case withValues && len(e.Values) == 0:
		v.fail(field, fmt.Sprintf("operator %s has no values", e.Operator), "give values, or use Exists or DoesNotExist")
		return
	case !withValues && len(e.Values) > 0:
		v.fail(field+".values", fmt.Sprintf("operator %s takes none", e.Operator), "remove them, or use In or NotIn")
		return
	}
	switch {
	case e.Key == v1.ContainerNameLabel:
		v.fail(field+".key", "the name of a container is no label of the pod", "use matchLabels for it")
	case e.Key == "label" && withValues:
		r.Subject = SubjectPair
		v.pairs(field, e.Values)
	case e.Key == "namespace" && v.policy.Kind == KindClusterPolicy:
		r.Subject = SubjectNamespace
		v.namespaces(field, e)
	default:
		v.labelKey(field+".key", e.Key)
		for i, value := range e.Values {
			v.labelValue(indexField(field+".values", i), value)
		}
	}
	v.require(r)
}

// pairs checks the values of `key: label`.
func (v *validator) pairs(field string, values []string) {
	for i, pair := range values {
		f := indexField(field+".values", i)
		key, value, ok := cutPair(pair)
		if !ok {
			v.fail(f, fmt.Sprintf("%q has not the form name=value", pair), "write name=value, or use the label's name as key")
			continue
		}
		v.labelKey(f, key)
		v.labelValue(f, value)
	}
}

// namespaces checks `key: namespace` of a cluster policy.
func (v *validator) namespaces(field string, e v1.SelectorExpression) {
	if e.Operator != v1.OpIn && e.Operator != v1.OpNotIn {
		v.fail(field+".operator", fmt.Sprintf("is %s, and every pod has a namespace", e.Operator), "use In or NotIn")
	}
	for i, name := range e.Values {
		if len(validation.IsDNS1123Label(name)) > 0 {
			v.fail(indexField(field+".values", i), fmt.Sprintf("%q is no name of a namespace", name), "use lower case letters, digits and -")
		}
	}
}

func (v *validator) nodeSelector(s *v1.NodeSelector) {
	v.most(nodeSelectorField, len(s.MatchLabels), MaxValues, "use fewer")
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		field, value := joinField(nodeSelectorField, key), s.MatchLabels[key]
		host := key == v1.HostNameLabel || key == v1.KubernetesHostNameLabel
		switch {
		case (host || key == anyHost) && value == anyHost || key == anyHost && value == "":
			continue // every host
		case key == anyHost:
			v.fail(field, fmt.Sprintf("%q is no value for it", value), `write "*": "*" for every host`)
			continue
		}
		v.labelKey(field, key)
		v.labelValue(field, value)
		r := Requirement{SubjectLabel, key, v1.OpIn, []string{value}}
		if host {
			r.Subject = SubjectHost
		}
		v.require(r)
	}
}

func (v *validator) labelKey(field, key string) {
	if len(validation.IsQualifiedName(key)) > 0 {
		v.fail(field, fmt.Sprintf("%q is no name of a label", key), "use letters, digits, -, _ and ., with an optional domain and / before them")
	}
}

func (v *validator) labelValue(field, value string) {
	if len(validation.IsValidLabelValue(value)) > 0 {
		v.fail(field, fmt.Sprintf("%q is no value of a label", value), "use at most 63 letters, digits, -, _ and ., the first and last a letter or digit")
	}
}
