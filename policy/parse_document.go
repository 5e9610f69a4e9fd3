package policy

import (
	"fmt"
	"slices"
	"strings"

	v1 "kubearmor.io/api/security/v1"
)

// networkPolicyKind is published, accepted, and not enforced.
const networkPolicyKind = "KubeArmorNetworkPolicy"

// parser holds what the documents of one input have given so far.
type parser struct {
	source string
	opts   ParseOptions
	in     Input
	errs   Errors
	seen   map[Ref]string // object → where it was first
}

// document reads one document, which may be a list of objects. place says which
// one it is, for an object without a name.
func (p *parser) document(n *node, place string) {
	o := &object{source: p.source, root: n, place: place}
	if n.kind != objectNode {
		o.fail("", n.line, "is "+n.describe()+", not an object", "give a policy with apiVersion, kind, metadata and spec")
		p.errs = append(p.errs, o.listed()...)
		return
	}
	o.header()
	switch group, version, _ := strings.Cut(o.apiVersion, "/"); {
	case len(o.errs) > 0:
	case o.isList(group):
		p.list(o, place)
		return
	case group != v1.Group:
		p.foreign(o)
	case version != v1.Version:
		o.fail("apiVersion", n.line, fmt.Sprintf("%q is not known", o.apiVersion), "write "+v1.APIVersion)
	case o.kind == networkPolicyKind:
		p.in.Warnings = append(p.in.Warnings, o.problem("", n.line, "kind "+networkPolicyKind+" is accepted and not enforced", "use spec.network of a KubeArmorPolicy or KubeArmorHostPolicy"))
	default:
		p.policy(o)
	}
	p.errs = append(p.errs, o.listed()...)
}

func (p *parser) list(o *object, place string) {
	items := o.root.get("items")
	if items == nil || items.kind != listNode {
		o.fail("items", o.root.line, "is missing or no list", "give the list of objects")
		p.errs = append(p.errs, o.listed()...)
		return
	}
	for i, item := range items.items {
		p.document(item, strings.TrimPrefix(fmt.Sprintf("%s, items[%d]", place, i), ", "))
	}
}

// foreign is called for an object of another API group.
func (p *parser) foreign(o *object) {
	if slices.Contains(kindNames(), o.kind) {
		o.fail("apiVersion", o.root.line, fmt.Sprintf("%q is not the API of %s", o.apiVersion, o.kind), "write "+v1.APIVersion)
		return
	}
	if !p.opts.SkipOthers {
		o.fail("kind", o.root.line, fmt.Sprintf("%q is no policy", o.kind), "remove the object, or keep policies in files of their own")
	}
}

func (p *parser) policy(o *object) {
	kind, ok := parseKind(o.kind)
	if !ok {
		mend := "use one of " + strings.Join(kindNames(), ", ")
		if near := nearest(o.kind, kindNames()); near != "" {
			mend = "did you mean " + near + "?"
		}
		o.fail("kind", o.root.line, fmt.Sprintf("%q is not known", o.kind), mend)
		return
	}
	for _, e := range o.root.duplicates("") {
		o.fail(e.field, e.line, "is given twice", "keep one of them")
	}
	typed, warnings := o.decode(kind)
	made, errs := typed.policy(p.source, warnings)
	o.errs = append(o.errs, o.located(unrelated(errs, o.errs))...)
	if len(o.errs) > 0 {
		return
	}
	if first, twice := p.seen[made.Ref]; twice {
		o.fail("", o.root.line, "is given twice, first as "+first, "remove one, or give it another name")
		return
	}
	p.seen[made.Ref] = strings.TrimSpace(fmt.Sprintf("%s line %d", o.place, o.root.line))
	p.in.Policies = append(p.in.Policies, made)
}

// unrelated returns the errors that no error in known explains: a misspelt field would
// be reported a second time, as one that its rule lacks.
func unrelated(errs, known Errors) Errors {
	return slices.DeleteFunc(errs, func(e FieldError) bool {
		return slices.ContainsFunc(known, func(k FieldError) bool { return holds(e.Field, k.Field) })
	})
}

// holds says whether field is outer or lies in it.
func holds(outer, field string) bool {
	rest, ok := strings.CutPrefix(field, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func parseKind(s string) (Kind, bool) {
	for _, k := range []Kind{KindPolicy, KindClusterPolicy, KindHostPolicy} {
		if k.String() == s {
			return k, true
		}
	}
	return 0, false
}

func kindNames() []string {
	return []string{KindPolicy.String(), KindClusterPolicy.String(), KindHostPolicy.String(), networkPolicyKind}
}
