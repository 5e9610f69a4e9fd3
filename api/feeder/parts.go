package feeder

import (
	"strings"
	"unicode/utf8"

	"kubearmor.io/api/event"
)

func fromOwner(o *event.Podowner) *Podowner {
	if o == nil {
		return nil
	}
	return &Podowner{Ref: valid(o.Ref), Name: valid(o.Name), Namespace: valid(o.Namespace)}
}

func (m *Podowner) event() *event.Podowner {
	if m == nil {
		return nil
	}
	return &event.Podowner{Ref: m.Ref, Name: m.Name, Namespace: m.Namespace}
}

func fromExec(e *event.ExecEvent) *ExecEvent {
	if e == nil {
		return nil
	}
	return &ExecEvent{ExecID: valid(e.ExecID), ExecutableName: valid(e.ExecutableName)}
}

func (m *ExecEvent) event() *event.ExecEvent {
	if m == nil {
		return nil
	}
	return &event.ExecEvent{ExecID: m.ExecID, ExecutableName: m.ExecutableName}
}

// valid puts U+FFFD in place of each byte that is no UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

func validList(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = valid(s)
	}
	return out
}

func validMap(pairs map[string]string) map[string]string {
	if pairs == nil {
		return nil
	}
	out := make(map[string]string, len(pairs))
	for k, v := range pairs {
		out[valid(k)] = valid(v)
	}
	return out
}
