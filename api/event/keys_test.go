package event

import (
	"reflect"
	"strings"
)

// jsonKeys returns the JSON keys that an event can have.
func jsonKeys(event any) map[string]bool {
	keys := map[string]bool{}
	for t, i := reflect.TypeOf(event), 0; i < t.NumField(); i++ {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if key == t.Field(i).Name {
			keys[key] = true
		}
	}
	return keys
}
