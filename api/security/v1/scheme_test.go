package v1

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
)

func TestSchemeKnowsEveryKind(t *testing.T) {
	s := runtime.NewScheme()
	if err := AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"KubeArmorPolicy", "KubeArmorClusterPolicy", "KubeArmorHostPolicy"} {
		for _, suffix := range []string{"", "List"} {
			if !s.Recognizes(GroupVersion().WithKind(kind + suffix)) {
				t.Errorf("%s%s is not registered", kind, suffix)
			}
		}
	}
}

// A list that is empty and one that is absent mean different things.
func TestEmptyListsSurviveJSON(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"allowedArgs that allow nothing", `{"path":"/bin/a","allowedArgs":[]}`},
		{"fromSource, which is refused, not widened", `{"path":"/bin/a","fromSource":[]}`},
		{"tags, which then are not inherited", `{"path":"/bin/a","tags":[]}`},
		{"none of them", `{"path":"/bin/a"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r ProcessPathRule
			if err := json.Unmarshal([]byte(tt.text), &r); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(r)
			if err != nil || string(got) != tt.text {
				t.Errorf("got %s, %v, want %s", got, err, tt.text)
			}
		})
	}
}
