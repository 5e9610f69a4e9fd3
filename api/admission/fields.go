package admission

import (
	"fmt"
	"reflect"
	"strings"

	v1 "kubearmor.io/api/security/v1"
)

// check is one object of a policy's spec, or all entries of one list, and the fields
// that it has.
type check struct {
	variable   string   // holds the fields, as a map
	place      string   // e.g. spec.process.matchPaths[]
	expression string   // CEL, true where there is no other field
	fields     []string // in the order of the type
}

// checks walks the type of a spec.
func checks(spec reflect.Type) []check {
	w := walker{}
	w.object(spec, "spec", "object.spec", func(inner string) string { return inner })
	return w.found
}

type walker struct{ found []check }

// object adds the check of the object that CEL names as name, and those of the objects
// in it. around completes an expression about name to one about the whole policy.
func (w *walker) object(t reflect.Type, place, name string, around func(string) string) {
	if t == reflect.TypeFor[v1.DNSQueryRule]() || t == reflect.TypeFor[v1.DeviceRule]() {
		return // not enforced, so what is in it isn't judged
	}
	fields := fieldsOf(t)
	c := check{variable: variableOf(t), place: place}
	for _, f := range fields {
		c.fields = append(c.fields, f.name)
	}
	key := strings.Repeat("k", strings.Count(place, "[]")+1)
	c.expression = around(fmt.Sprintf("%s.all(%s, %s in variables.%s)", name, key, key, c.variable))
	w.found = append(w.found, c)
	for _, f := range fields {
		w.field(f, place, name, around)
	}
}

func (w *walker) field(f field, place, name string, around func(string) string) {
	place, inner := place+"."+f.name, name+"."+f.name
	present := func(e string) string { return around(fmt.Sprintf("!has(%s) || %s", inner, e)) }
	t := f.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case ours(t):
		w.object(t, place, inner, present)
	case t.Kind() == reflect.Slice && ours(t.Elem()):
		entry := "e" + strings.Repeat("e", strings.Count(place, "[]"))
		w.object(t.Elem(), place+"[]", entry, func(e string) string {
			return present(fmt.Sprintf("%s.all(%s, %s)", inner, entry, e))
		})
	}
}

// ours says whether t is an object of the API, and not one of Kubernetes' own types.
func ours(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[v1.KubeArmorPolicySpec]().PkgPath()
}

func variableOf(t reflect.Type) string {
	return strings.ToLower(t.Name()[:1]) + t.Name()[1:]
}

type field struct {
	name string
	typ  reflect.Type
}

// fieldsOf returns the JSON fields of a struct, those of embedded structs included.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			all = append(all, fieldsOf(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, field{name, f.Type})
	}
	return all
}
