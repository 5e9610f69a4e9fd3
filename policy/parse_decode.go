package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubearmor.io/api/security/v1"
)

// decoder reads nodes into the types of the API. The types are the one list of the
// fields there are; whatever they don't have is an error.
type decoder struct {
	errs     Errors // Field, Line, Problem and Mend only
	warnings []string
	fields   map[reflect.Type][]structField
}

type structField struct {
	name  string
	index []int
}

// full says that so much is wrong already that the rest isn't looked at.
func (d *decoder) full() bool { return len(d.errs) > MaxProblems }

func (d *decoder) fail(field string, line int, problem, mend string) {
	if d.full() {
		return
	}
	d.errs = append(d.errs, FieldError{Field: field, Line: line, Problem: problem, Mend: mend})
}

// into decodes n into what target points to.
func (d *decoder) into(n *node, target any, field string) {
	d.value(n, reflect.ValueOf(target).Elem(), field)
}

func (d *decoder) value(n *node, v reflect.Value, field string) {
	if v.Type() == reflect.TypeFor[intstr.IntOrString]() {
		d.port(n, v, field)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if n.kind == nullNode {
			d.warnings = append(d.warnings, field+" is empty and does nothing.")
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), field)
	case reflect.Struct:
		d.object(n, v, field)
	case reflect.Slice:
		d.list(n, v, field)
	case reflect.Map:
		d.texts(n, v, field)
	case reflect.String:
		d.text(n, v, field)
	case reflect.Bool:
		d.boolean(n, v, field)
	default:
		d.severity(n, v, field)
	}
}

func (d *decoder) object(n *node, v reflect.Value, field string) {
	if n.kind != objectNode {
		d.wrong(n, field, "an object")
		return
	}
	if v.Type() == reflect.TypeFor[v1.DNSQueryRule]() || v.Type() == reflect.TypeFor[v1.DeviceRule]() {
		return // not enforced, so what is in it isn't judged
	}
	known := d.fieldsOf(v.Type())
	for _, m := range n.members {
		i := slices.IndexFunc(known, func(f structField) bool { return f.name == m.key })
		if i < 0 {
			d.unknown(m, v.Type(), known, field)
			continue
		}
		d.value(m.value, v.FieldByIndex(known[i].index), joinField(field, m.key))
	}
}

func (d *decoder) unknown(m member, t reflect.Type, known []structField, field string) {
	if d.full() {
		return
	}
	problem, mend := "is not a field of "+field, misplaced(t.Name(), m.key)
	if mend == "" {
		names := make([]string, len(known))
		for i, f := range known {
			names[i] = f.name
		}
		mend = suggest(m.key, names)
	}
	d.fail(joinField(field, m.key), m.line, problem, mend)
}

func (d *decoder) list(n *node, v reflect.Value, field string) {
	rules := v.Type().Elem().Kind() == reflect.Struct && strings.HasSuffix(v.Type().Elem().Name(), "Rule")
	switch {
	case rules && (n.kind == nullNode || n.kind == listNode && len(n.items) == 0):
		d.warnings = append(d.warnings, field+" is empty and does nothing.")
		return
	case n.kind != listNode:
		d.wrong(n, field, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		d.value(item, v.Index(i), indexField(field, i))
	}
}

func (d *decoder) texts(n *node, v reflect.Value, field string) {
	if n.kind != objectNode {
		d.wrong(n, field, "an object")
		return
	}
	m := make(map[string]string, len(n.members))
	for _, e := range n.members {
		if e.value.kind != textNode {
			d.wrong(e.value, joinField(field, e.key), "a text")
			continue
		}
		m[e.key] = e.value.text
	}
	v.Set(reflect.ValueOf(m))
}

func (d *decoder) text(n *node, v reflect.Value, field string) {
	if n.kind != textNode {
		d.wrong(n, field, "a text")
		return
	}
	// In a list or a map an empty text has a meaning; as a field it would pass for one
	// that isn't given.
	if n.text == "" && !strings.HasSuffix(field, "]") && !strings.HasSuffix(field, ".message") {
		d.fail(field, n.line, "is empty", "give it a value or remove it")
		return
	}
	v.SetString(n.text)
}

func (d *decoder) boolean(n *node, v reflect.Value, field string) {
	word := strings.ToLower(n.text)
	switch {
	case n.kind == boolNode:
		v.SetBool(word == "true")
	case n.kind == textNode && n.plain && slices.Contains([]string{"yes", "on", "no", "off"}, word):
		// booleans of YAML 1.1, which kubectl reads
		v.SetBool(word == "yes" || word == "on")
	default:
		d.wrong(n, field, "a boolean")
	}
}

// severity decodes the only number in the API.
func (d *decoder) severity(n *node, v reflect.Value, field string) {
	if n.kind != numberNode {
		d.wrong(n, field, "a number")
		return
	}
	i, err := strconv.Atoi(n.text)
	if err != nil || i < 1 || i > 10 {
		d.fail(field, n.line, fmt.Sprintf("%s is not from 1 to 10", n.text), "write a whole number from 1 to 10")
		return
	}
	v.SetInt(int64(i))
}

func (d *decoder) port(n *node, v reflect.Value, field string) {
	switch n.kind {
	case textNode:
		v.Set(reflect.ValueOf(intstr.FromString(n.text)))
	case numberNode:
		i, err := strconv.ParseInt(n.text, 10, 32)
		if err != nil {
			d.fail(field, n.line, n.text+" is no port", "write a number from 1 to 65535")
			return
		}
		v.Set(reflect.ValueOf(intstr.FromInt32(int32(i))))
	default:
		d.wrong(n, field, "a port")
	}
}

// wrong reports a value of the wrong type.
func (d *decoder) wrong(n *node, field, want string) {
	if n.kind == nullNode {
		d.fail(field, n.line, "is empty", "give "+want+" or remove the field")
		return
	}
	mend := "give " + want
	switch {
	case want == "a text":
		mend = quoteMend(n)
	case want == "a list" && n.kind != objectNode:
		mend = fmt.Sprintf("write [%s]", n.text)
	case want == "a list":
		mend = "begin each entry with -"
	case want == "a boolean":
		mend = "write true or false"
	case want == "a number" && n.kind == textNode:
		mend = "write it without quotes"
	}
	d.fail(field, n.line, "is "+n.describe()+", not "+want, mend)
}

// quoteMend says how to make a text of a number or boolean.
func quoteMend(n *node) string {
	if n.kind == numberNode || n.kind == boolNode {
		return "write " + strconv.Quote(n.text)
	}
	return "give a text"
}

// fieldsOf returns the JSON fields of a struct, those of embedded structs included.
func (d *decoder) fieldsOf(t reflect.Type) []structField {
	if known, ok := d.fields[t]; ok {
		return known
	}
	var all []structField
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for _, inner := range d.fieldsOf(f.Type) {
				all = append(all, structField{inner.name, append([]int{i}, inner.index...)})
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, structField{name, []int{i}})
	}
	if d.fields == nil {
		d.fields = map[reflect.Type][]structField{}
	}
	d.fields[t] = all
	return all
}
