package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubearmor.io/api/security/v1"
)

// What parses has the same meaning after a trip through the types of the API.
func FuzzParse(f *testing.F) {
	samples, _ := filepath.Glob("../config/samples/*.yaml")
	for _, file := range samples {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(head + `spec: {mode: Audit, severity: 3, tags: [], process: {matchPaths: [{execname: a, allowedArgs: [], fromSource: [{dir: /a/}]}]}, presets: [{name: exec}]}`))
	f.Add([]byte(head + `spec: {network: {matchEndpoints: [{cidr: 10.0.0.1, ports: [1, "2-3"]}], matchDNSQueries: [{a: b}]}, syscalls: {matchPaths: [{path: /a/, syscall: [unlink]}]}}`))
	f.Add([]byte(`{"apiVersion":"security.kubearmor.com/v1","kind":"KubeArmorHostPolicy","metadata":{"name":"h"},"spec":{"nodeSelector":{"matchLabels":{"*":""}},"apparmor":"x"}}`))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse(bytes.NewReader(data), "fuzz")
		if err != nil {
			if len(got) > 0 {
				t.Fatal("policies beside an error")
			}
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "fuzz: ") {
					t.Fatalf("the input forged the line %q", line)
				}
			}
			return
		}
		for i, data := range rewritten(t, data) {
			again, err := Parse(bytes.NewReader(data), "fuzz")
			if err != nil || len(again) != 1 {
				t.Fatalf("%s\ngave %d policies, %v", data, len(again), err)
			}
			// What is empty is not written again, and so is not warned of.
			if diff := cmp.Diff(got[i], again[0], comparePrefixes(), cmpopts.IgnoreFields(Policy{}, "Warnings")); diff != "" {
				t.Fatalf("%s\n-first +again\n%s", data, diff)
			}
		}
	})
}

// rewritten decodes the policies of an input and writes each as JSON.
func rewritten(t *testing.T, data []byte) [][]byte {
	docs, _ := readDocuments(data)
	var all [][]byte
	var visit func(*node)
	visit = func(n *node) {
		o := &object{root: n}
		o.header()
		if n.get("items") != nil {
			for _, item := range n.get("items").items {
				visit(item)
			}
			return
		}
		kind, ok := parseKind(o.kind)
		if !ok {
			return
		}
		typed, _ := o.decode(kind)
		text, err := json.Marshal(typed.object())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	for _, n := range docs {
		visit(n)
	}
	return all
}

// object returns the object as a client of the API would write it.
func (o typedObject) object() any {
	meta := metav1.ObjectMeta{Name: o.name, Namespace: o.namespace}
	is := metav1.TypeMeta{APIVersion: v1.APIVersion, Kind: o.kind.String()}
	switch o.kind {
	case KindClusterPolicy:
		return &v1.KubeArmorClusterPolicy{TypeMeta: is, ObjectMeta: meta, Spec: v1.KubeArmorClusterPolicySpec{Selector: *o.pods, PolicyRules: *o.rules}}
	case KindHostPolicy:
		return &v1.KubeArmorHostPolicy{TypeMeta: is, ObjectMeta: meta, Spec: v1.KubeArmorHostPolicySpec{NodeSelector: *o.nodes, PolicyRules: *o.rules}}
	}
	return &v1.KubeArmorPolicy{TypeMeta: is, ObjectMeta: meta, Spec: v1.KubeArmorPolicySpec{Selector: *o.pods, PolicyRules: *o.rules}}
}
