package event

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const clock = "2006-01-02 15:04:05.000000"

// Text returns the alert as `karmor logs` prints it: a line with the time, then
// "Key: value" lines without the empty ones, ended by a newline. Values come from
// programs that may be hostile: what could forge a line or move a cursor is escaped.
func (a Alert) Text() string {
	return text("Alert", a.Timestamp, a.UpdatedTime, reflect.ValueOf(a))
}

// Text returns the log as `karmor logs` prints it; see Alert.Text.
func (l Log) Text() string {
	return text("Log", l.Timestamp, l.UpdatedTime, reflect.ValueOf(l))
}

// leading are the keys that come first, in this order. The others follow by name.
func leading() []string {
	return []string{"ClusterName", "HostName", "NamespaceName", "PodName", "Labels", "ContainerName", "ContainerID", "ContainerImage",
		"Type", "PolicyName", "Severity", "Message", "Source", "Resource", "Operation", "Action", "Data", "EventData", "Enforcer", "Result"}
}

func text(title string, seconds int64, updated string, event reflect.Value) string {
	values := map[string]string{}
	for i := range event.NumField() {
		field := event.Type().Field(i)
		tellZero := !strings.HasSuffix(field.Tag.Get("json"), ",omitempty")
		if v := format(event.Field(i), tellZero); v != "" {
			values[field.Name] = v
		}
	}
	delete(values, "Timestamp")
	delete(values, "UpdatedTime")

	var b strings.Builder
	fmt.Fprintf(&b, "== %s / %s ==\n", title, when(seconds, updated))
	for _, key := range leading() {
		if v, ok := values[key]; ok {
			fmt.Fprintf(&b, "%s: %s\n", key, v)
			delete(values, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "%s: %s\n", key, values[key])
	}
	return b.String()
}

// when prefers the finer of the two times that an event has.
func when(seconds int64, updated string) string {
	if t, err := time.Parse(time.RFC3339Nano, updated); err == nil {
		return t.UTC().Format(clock)
	}
	return time.Unix(seconds, 0).UTC().Format(clock)
}

// format returns a value in text, empty for an empty one.
func format(v reflect.Value, tellZero bool) string {
	switch v.Kind() {
	case reflect.String:
		return escape(v.String())
	case reflect.Int32, reflect.Int64:
		if v.Int() == 0 && !tellZero {
			return ""
		}
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Slice:
		return formatList(v.Interface().([]string))
	case reflect.Map:
		return formatMap(v.Interface().(map[string]string))
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return formatStruct(v.Elem())
	}
	return ""
}

func formatStruct(v reflect.Value) string {
	pairs := map[string]string{}
	for i := range v.NumField() {
		if s := v.Field(i).String(); s != "" {
			pairs[v.Type().Field(i).Name] = s
		}
	}
	return formatMap(pairs)
}

func formatMap(pairs map[string]string) string {
	if len(pairs) == 0 {
		return ""
	}
	words := make([]string, 0, len(pairs))
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		words = append(words, word(key)+":"+word(pairs[key]))
	}
	return "map[" + strings.Join(words, " ") + "]"
}

func formatList(list []string) string {
	if len(list) == 0 {
		return ""
	}
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = word(s)
	}
	return "[" + strings.Join(words, " ") + "]"
}

// word quotes an entry of a list that would pass for several.
func word(s string) string {
	if strings.ContainsAny(s, ` []"`) {
		return strconv.Quote(s)
	}
	return escape(s)
}

// escape writes what is not printable as Go does in a string.
func escape(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\\':
			b.WriteString(`\\`)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}
