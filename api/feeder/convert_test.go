package feeder_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kubearmor.io/api/event"
	"kubearmor.io/api/feeder"
)

// fill gives every field of a structure a value of its own.
func fill(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), path)
	case reflect.String:
		v.SetString("value of " + path)
	case reflect.Int32, reflect.Int64:
		n := int64(0)
		for _, c := range path {
			n = n*31%1e9 + int64(c)
		}
		v.SetInt(n)
	case reflect.Slice:
		v.Set(reflect.ValueOf([]string{"first of " + path, "second of " + path}))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"key of " + path: "value of " + path}))
	default:
		t.Fatalf("%s is a %s: teach this test and the conversion about it", path, v.Kind())
	}
}

// throughTheWire encodes and decodes a message.
func throughTheWire[M proto.Message](t *testing.T, m, into M) M {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
	return into
}

func TestNoFieldOfAnAlertIsLost(t *testing.T) {
	var full event.Alert
	fill(t, reflect.ValueOf(&full).Elem(), "Alert")
	message := throughTheWire(t, feeder.FromAlert(full), &feeder.Alert{})
	everyFieldIsSet(t, message.ProtoReflect())
	if back := message.Event(); !reflect.DeepEqual(back, full) {
		t.Errorf("sent\n%+v\ngot\n%+v", full, back)
	}
	if back := feeder.FromAlert(event.Alert{}).Event(); !reflect.DeepEqual(back, event.Alert{}) {
		t.Errorf("an empty alert comes back as %+v", back)
	}
}

func TestNoFieldOfALogIsLost(t *testing.T) {
	var full event.Log
	fill(t, reflect.ValueOf(&full).Elem(), "Log")
	message := throughTheWire(t, feeder.FromLog(full), &feeder.Log{})
	everyFieldIsSet(t, message.ProtoReflect())
	if back := message.Event(); !reflect.DeepEqual(back, full) {
		t.Errorf("sent\n%+v\ngot\n%+v", full, back)
	}
	if back := feeder.FromLog(event.Log{}).Event(); !reflect.DeepEqual(back, event.Log{}) {
		t.Errorf("an empty log comes back as %+v", back)
	}
}

func TestNoFieldOfAMessageIsLost(t *testing.T) {
	var full event.Message
	fill(t, reflect.ValueOf(&full).Elem(), "Message")
	message := throughTheWire(t, feeder.FromMessage(full), &feeder.Message{})
	everyFieldIsSet(t, message.ProtoReflect())
	if back := message.Event(); back != full {
		t.Errorf("sent\n%+v\ngot\n%+v", full, back)
	}
}

// everyFieldIsSet holds the other direction: a field of the protocol that no event fills.
func everyFieldIsSet(t *testing.T, m protoreflect.Message) {
	t.Helper()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Number() < 100 && !m.Has(f) {
			t.Errorf("%s.%s is filled from no field of the event", m.Descriptor().Name(), f.Name())
		}
	}
}

// Names in an event come from programs, and the kernel's names are bytes.
func TestBytesThatAreNoTextAreSentAsInJSON(t *testing.T) {
	const hostile = "/tmp/\xff\xfe\xc3é\x00"
	alert := event.Alert{
		Resource: hostile, ATags: []string{hostile}, EventData: map[string]string{hostile: hostile},
		Owner: &event.Podowner{Name: hostile}, ExecEvent: &event.ExecEvent{ExecutableName: hostile},
	}
	sent := throughTheWire(t, feeder.FromAlert(alert), &feeder.Alert{}).Event()
	var printed event.Alert
	data, err := json.Marshal(alert)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &printed); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sent, printed) {
		t.Errorf("sent %#v\nprinted %#v", sent, printed)
	}
	throughTheWire(t, feeder.FromLog(event.Log{Cwd: hostile}), &feeder.Log{})
}
