package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const head = "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p}\n"

// shells is a policy without fault, called name.
func shells(name string) string {
	return "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: " + name + "}\nspec: {process: {matchPaths: [{path: /bin/sh}]}}\n"
}

// refusal is an input and the text of all that is wrong with it.
type refusal struct{ name, input, want string }

func checkRefused(t *testing.T, tests []refusal) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(strings.NewReader(tt.input), "p.yaml")
			if err == nil {
				t.Fatalf("accepted, want %s", tt.want)
			}
			if got != nil {
				t.Errorf("got %d policies beside the error", len(got))
			}
			if diff := cmp.Diff(strings.TrimSpace(tt.want), err.Error()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			var fe FieldError
			if !errors.As(err, &fe) || fe.Source != "p.yaml" || fe.Mend == "" {
				t.Errorf("the first problem is %#v, want a FieldError with source and mend", fe)
			}
		})
	}
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	checkRefused(t, []refusal{
		{"an empty file", "", "p.yaml: holds no object; give a policy with apiVersion, kind, metadata and spec"},
		{"comments alone", "# nothing\n---\n", "p.yaml: holds no object; give a policy with apiVersion, kind, metadata and spec"},
		{"a text", "hello", "p.yaml: document 1: is a text, not an object; give a policy with apiVersion, kind, metadata and spec"},
		{"bytes that are no text", "\xff\xfe", "p.yaml: is not UTF-8 text; save it as UTF-8"},
		{"broken YAML", "a: [", "p.yaml: document 1: is no YAML: line 1: did not find expected node content; mend the syntax"},
		{"a kind of tag that means nothing", "a: !secret x", "p.yaml: document 1: line 1: the tag !secret means nothing here; write it plainly"},
		{"a key that is a list", "? [a]\n: b", "p.yaml: document 1: line 1: a key is no text; write it plainly"},
		{"no kind", "apiVersion: security.kubearmor.com/v1",
			"p.yaml: document 1: kind: is missing or no text; write one of KubeArmorPolicy, KubeArmorClusterPolicy, KubeArmorHostPolicy"},
		{"no apiVersion", "kind: KubeArmorPolicy", "p.yaml: KubeArmorPolicy/document 1: apiVersion: is missing or no text; write security.kubearmor.com/v1"},
		{"a policy of another API", "apiVersion: v1\nkind: KubeArmorPolicy\nmetadata: {name: p}",
			`p.yaml: KubeArmorPolicy/default/p: apiVersion: "v1" is not the API of KubeArmorPolicy; write security.kubearmor.com/v1`},
		{"a version that doesn't exist", "apiVersion: security.kubearmor.com/v2\nkind: KubeArmorPolicy\nmetadata: {name: p}",
			`p.yaml: KubeArmorPolicy/default/p: apiVersion: "security.kubearmor.com/v2" is not known; write security.kubearmor.com/v1`},
		{"a misspelt kind", "apiVersion: security.kubearmor.com/v1\nkind: KubeArmourPolicy\nmetadata: {name: p, namespace: n}",
			`p.yaml: KubeArmourPolicy/n/p: kind: "KubeArmourPolicy" is not known; did you mean KubeArmorPolicy?`},
		{"a kind of the group that doesn't exist", "apiVersion: security.kubearmor.com/v1\nkind: Foo\nmetadata: {name: p}",
			`p.yaml: Foo/p: kind: "Foo" is not known; use one of KubeArmorPolicy, KubeArmorClusterPolicy, KubeArmorHostPolicy, KubeArmorNetworkPolicy`},
		{"another kind of object", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}",
			`p.yaml: Deployment/p: kind: "Deployment" is no policy; remove the object, or keep policies in files of their own`},
		{"no spec and no name", "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy",
			"p.yaml: KubeArmorPolicy/document 1: spec: is missing or no object; say what the policy asks for\np.yaml: KubeArmorPolicy/document 1: metadata.name: is missing; give the policy a name"},
		{"a list without items", "apiVersion: v1\nkind: List", "p.yaml: List/document 1: items: is missing or no list; give the list of objects"},
		{"an entry of a list", "apiVersion: v1\nkind: List\nitems: [7]",
			"p.yaml: document 1, items[0]: is a number, not an object; give a policy with apiVersion, kind, metadata and spec"},
	})
}

func TestIdentityIsChecked(t *testing.T) {
	const spec = "\nspec: {process: {matchPaths: [{path: /bin/sh}]}}"
	object := func(kind, metadata string) string {
		return "apiVersion: security.kubearmor.com/v1\nkind: " + kind + "\nmetadata: " + metadata + spec
	}
	checkRefused(t, []refusal{
		{"a name that Kubernetes refuses", object("KubeArmorPolicy", "{name: My_Policy}"),
			`p.yaml: KubeArmorPolicy/default/My_Policy: metadata.name: "My_Policy" is no name of an object; use lower case letters, digits, - and . and begin and end with a letter or digit`},
		{"a name that is a number", object("KubeArmorPolicy", "{name: 7}"), `p.yaml: KubeArmorPolicy/document 1: metadata.name: is a number, not a text; write "7"`},
		{"a name with a line break can't forge a line", object("KubeArmorPolicy", `{name: "a\nb: ok"}`),
			`p.yaml: KubeArmorPolicy/default/a\nb: ok: metadata.name: "a\nb: ok" is no name of an object; use lower case letters, digits, - and . and begin and end with a letter or digit`},
		{"a generated name", object("KubeArmorPolicy", "{generateName: p-}"), "p.yaml: KubeArmorPolicy/document 1: metadata.name: is missing; give the policy a name"},
		{"a namespace that Kubernetes refuses", object("KubeArmorPolicy", "{name: p, namespace: a.b}"),
			`p.yaml: KubeArmorPolicy/a.b/p: metadata.namespace: "a.b" is no name of a namespace; use lower case letters, digits and -`},
		{"a misspelt namespace, which would mean default", object("KubeArmorPolicy", "{name: p, namspace: prod}"),
			"p.yaml: KubeArmorPolicy/default/p: metadata.namspace: is not a field of metadata; did you mean namespace?"},
		{"a namespace on a cluster policy", object("KubeArmorClusterPolicy", "{name: p, namespace: n}"),
			"p.yaml: KubeArmorClusterPolicy/n/p: metadata.namespace: a KubeArmorClusterPolicy belongs to no namespace; remove it"},
		{"a namespace on a host policy", object("KubeArmorHostPolicy", "{name: p, namespace: n}"),
			"p.yaml: KubeArmorHostPolicy/n/p: metadata.namespace: a KubeArmorHostPolicy belongs to no namespace; remove it"},
		{"a label that is a boolean", object("KubeArmorPolicy", "{name: p, labels: {a: true}}"),
			`p.yaml: KubeArmorPolicy/default/p: metadata.labels.a: is a boolean, not a text; write "true"`},
		{"the same object twice", shells("p") + "---\n" + shells("q") + "---\n" + shells("p"),
			"p.yaml: KubeArmorPolicy/default/p: is given twice, first as document 1 line 1; remove one, or give it another name"},
	})
}

func TestStructureIsStrict(t *testing.T) {
	checkRefused(t, []refusal{
		{"an unknown field deep inside, with its index", head + "spec:\n  process:\n    matchPaths:\n    - path: /bin/a\n    - path: /bin/b\n      owneronly: true",
			"p.yaml: KubeArmorPolicy/default/p: spec.process.matchPaths[1].owneronly: is not a field of spec.process.matchPaths[1]; did you mean ownerOnly?"},
		{"a misspelt list", head + "spec: {process: {matchPath: [{path: /bin/a}]}}",
			"p.yaml: KubeArmorPolicy/default/p: spec.process.matchPath: is not a field of spec.process; did you mean matchPaths?"},
		{"a field that resembles none", head + "spec: {network: {matchProtocols: [{protocol: tcp, zzzzzzzzzz: 1}]}}",
			"p.yaml: KubeArmorPolicy/default/p: spec.network.matchProtocols[0].zzzzzzzzzz: is not a field of spec.network.matchProtocols[0]; remove it, or use one of protocol, fromSource, pts, severity, tags, message, action"},
		{"a field at the top", head + "spce: {}\nspec: {file: {matchPaths: [{path: /a}]}}", "p.yaml: KubeArmorPolicy/default/p: spce: is not a field of KubeArmorPolicy; did you mean spec?"},
		{"a key that could forge a line", head + "spec: {file: {matchPaths: [{path: /a}]}, \"a\\nb\": 1}",
			`p.yaml: KubeArmorPolicy/default/p: spec["a\nb"]: is not a field of spec; remove it, or use one of selector, mode, process, file, network, capabilities, syscalls, presets, apparmor, device, severity, tags, message, action`},
		{"a duplicate key", head + "spec:\n  file:\n    matchPaths:\n    - path: /a\n      path: /b",
			"p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths[0].path: is given twice; keep one of them"},
		{"a duplicate key in JSON", `{"apiVersion": "security.kubearmor.com/v1", "kind": "KubeArmorPolicy", "metadata": {"name": "p"}, "spec": {"action": "Allow", "file": {"matchPaths": [{"path": "/a"}]}, "action": "Block"}}`,
			"p.yaml: KubeArmorPolicy/default/p: spec.action: is given twice; keep one of them"},
		{"wrong types", head + "spec: {process: [], file: {matchPaths: {path: /a}}, severity: '5', message: 5, tags: a, network: {matchProtocols: [tcp]}, capabilities: {matchCapabilities: [{capability: net_raw, pts: 'true'}]}}",
			`p.yaml: KubeArmorPolicy/default/p: spec.process: is a list, not an object; give an object
p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths: is an object, not a list; begin each entry with -
p.yaml: KubeArmorPolicy/default/p: spec.severity: is a text, not a number; write it without quotes
p.yaml: KubeArmorPolicy/default/p: spec.message: is a number, not a text; write "5"
p.yaml: KubeArmorPolicy/default/p: spec.tags: is a text, not a list; write [a]
p.yaml: KubeArmorPolicy/default/p: spec.network.matchProtocols[0]: is a text, not an object; give an object
p.yaml: KubeArmorPolicy/default/p: spec.capabilities.matchCapabilities[0].pts: is a text, not a boolean; write true or false`},
		{"empty values", head + "spec: {selector: , action: , file: {matchPaths: [{path: '', fromSource: }]}}",
			`p.yaml: KubeArmorPolicy/default/p: spec.selector: is empty; give an object or remove the field
p.yaml: KubeArmorPolicy/default/p: spec.action: is empty; give a text or remove the field
p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths[0].path: is empty; give it a value or remove it
p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths[0].fromSource: is empty; give a list or remove the field`},
		{"ports and labels of wrong types", head + "spec: {selector: {matchLabels: [a]}, network: {matchEndpoints: [{ports: [1.5, true]}]}}",
			`p.yaml: KubeArmorPolicy/default/p: spec.selector.matchLabels: is a list, not an object; give an object
p.yaml: KubeArmorPolicy/default/p: spec.network.matchEndpoints[0].ports[0]: 1.5 is no port; write a number from 1 to 65535
p.yaml: KubeArmorPolicy/default/p: spec.network.matchEndpoints[0].ports[1]: is a boolean, not a port; give a port`},
		{"a text merged into an object", "<<: a", "p.yaml: document 1: line 1: what << merges is no object; write it plainly"},
		{"problems of several documents", head + "spec: {file: {matchPaths: [{path: a}]}}\n---\n" + shells("ok") + "---\n" + strings.Replace(head, "name: p", "name: q", 1) + "spec: {fiel: {}}",
			`p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths[0].path: "a" is not absolute; begin it with /
p.yaml: KubeArmorPolicy/default/q: spec.fiel: is not a field of spec; did you mean file?`},
		{"a misspelt field beside a bad path", head + "spec: {file: {matchPaths: [{path: a, readonly: true}]}}",
			`p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths[0].readonly: is not a field of spec.file.matchPaths[0]; did you mean readOnly?
p.yaml: KubeArmorPolicy/default/p: spec.file.matchPaths[0].path: "a" is not absolute; begin it with /`},
		{"a good document before one that is no YAML", shells("p") + "---\na: [", "p.yaml: document 2: is no YAML: line 6: did not find expected node content; mend the syntax"},
	})
}

func TestMisplacedFieldsSayWhereTheyBelong(t *testing.T) {
	refused := func(spec, want string) refusal {
		return refusal{spec, head + "spec: " + spec, "p.yaml: KubeArmorPolicy/default/p: " + want}
	}
	checkRefused(t, []refusal{
		refused("{nodeSelector: {}, file: {matchPaths: [{path: /a}]}}", "spec.nodeSelector: is not a field of spec; use selector, or kind KubeArmorHostPolicy"),
		refused("{process: {matchPaths: [{path: /a, recursive: true}]}}",
			"spec.process.matchPaths[0].recursive: is not a field of spec.process.matchPaths[0]; it goes with dir: move the rule to matchDirectories, or remove it"),
		refused("{process: {matchPaths: [{dir: /a/}]}}", "spec.process.matchPaths[0].dir: is not a field of spec.process.matchPaths[0]; move the rule to matchDirectories"),
		refused("{file: {matchDirectories: [{path: /a}]}}", "spec.file.matchDirectories[0].path: is not a field of spec.file.matchDirectories[0]; move the rule to matchPaths"),
		refused("{file: {matchPaths: [{pattern: /a*}]}}", "spec.file.matchPaths[0].pattern: is not a field of spec.file.matchPaths[0]; move the rule to matchPatterns"),
		refused("{file: {matchPaths: [{execname: a}]}}", "spec.file.matchPaths[0].execname: is not a field of spec.file.matchPaths[0]; only spec.process.matchPaths takes it"),
		refused("{process: {matchPaths: [{path: /a, readOnly: true}]}}",
			"spec.process.matchPaths[0].readOnly: is not a field of spec.process.matchPaths[0]; it is about opening files: move the rule to spec.file, or remove it"),
		refused("{network: {matchProtocols: [{protocol: tcp, ownerOnly: true}]}}",
			"spec.network.matchProtocols[0].ownerOnly: is not a field of spec.network.matchProtocols[0]; only process and file rules take it: remove it"),
		refused("{file: {matchPaths: [{path: /a, allowedArgs: []}]}}",
			"spec.file.matchPaths[0].allowedArgs: is not a field of spec.file.matchPaths[0]; only process rules take it: remove it"),
	})
	host := "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorHostPolicy\nmetadata: {name: h}\nspec: "
	checkRefused(t, []refusal{
		{"a selector on a host policy", host + "{selector: {}, file: {matchPaths: [{path: /a}]}}",
			"p.yaml: KubeArmorHostPolicy/h: spec.selector: is not a field of spec; a host policy has nodeSelector"},
		{"expressions in a nodeSelector", host + "{nodeSelector: {matchExpressions: []}, file: {matchPaths: [{path: /a}]}}",
			"p.yaml: KubeArmorHostPolicy/h: spec.nodeSelector.matchExpressions: is not a field of spec.nodeSelector; a nodeSelector takes matchLabels only"},
	})
}

func TestDeepAndLargeInputsAreRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		prev := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+prev+",", 9) + "*" + prev + "]\n"
	}
	checkRefused(t, []refusal{
		{"nested too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "p.yaml: document 1: line 1: is nested too deep or too large; write it plainly"},
		{"aliases that multiply", bomb, "p.yaml: document 1: line 1: is nested too deep or too large; write it plainly"},
	})
	var many strings.Builder
	many.WriteString(head + "spec:\n  file: {matchPaths: [{path: /a}]}\n")
	for i := range 50_000 {
		fmt.Fprintf(&many, "  f%d: 1\n", i)
	}
	_, err := Parse(strings.NewReader(many.String()), "p.yaml")
	if errs, ok := err.(Errors); !ok || len(errs) != MaxProblems+1 || errs[MaxProblems].Problem != "has more than these 100 problems" {
		t.Errorf("50,000 unknown fields gave %d problems", len(errs))
	}
	_, err = Parse(strings.NewReader(strings.Repeat("#\n", MaxInputBytes/2+1)), "p.yaml")
	if want := "p.yaml: is larger than 8388608 bytes; split it into several files"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFilesThatCannotBeReadAreNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	_, err := ParseFile(missing)
	if want := missing + ": can't be read: no such file or directory; give a file that exists and may be read"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	good := filepath.Join(t.TempDir(), "good.yaml")
	if err := os.WriteFile(good, []byte(shells("p")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ParseFile(good)
	if err != nil || len(got) != 1 || got[0].Source != good {
		t.Errorf("got %v, %v", got, err)
	}
}
