package admission

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "kubearmor.io/api/security/v1"
)

func TestManifestIsUpToDate(t *testing.T) {
	const file = "../../config/crd/admission/unknown-fields.yaml"
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != UnknownFields() {
		t.Errorf("%s is out of date: run `go generate ./...` in api", file)
	}
}

func TestEveryObjectOfASpecIsChecked(t *testing.T) {
	var places []string
	for _, c := range checks(reflect.TypeFor[v1.KubeArmorHostPolicySpec]()) {
		places = append(places, strings.TrimPrefix(c.place, "spec"))
	}
	want := strings.Fields(`.nodeSelector
		.process .process.matchPaths[] .process.matchPaths[].fromSource[] .process.matchDirectories[] .process.matchDirectories[].fromSource[]
		.process.matchPatterns[] .process.matchPatterns[].fromSource[]
		.file .file.matchPaths[] .file.matchPaths[].fromSource[] .file.matchDirectories[] .file.matchDirectories[].fromSource[]
		.file.matchPatterns[] .file.matchPatterns[].fromSource[]
		.network .network.matchProtocols[] .network.matchProtocols[].fromSource[] .network.matchEndpoints[] .network.matchEndpoints[].fromSource[]
		.capabilities .capabilities.matchCapabilities[] .capabilities.matchCapabilities[].fromSource[]
		.syscalls .syscalls.matchSyscalls[] .syscalls.matchSyscalls[].fromSource[] .syscalls.matchPaths[] .syscalls.matchPaths[].fromSource[]
		.presets[] .device`)
	if want = append([]string{""}, want...); !slices.Equal(places, want) {
		t.Errorf("got  %q\nwant %q", places, want)
	}
}

func TestExpressionOfAListInAList(t *testing.T) {
	found := checks(reflect.TypeFor[v1.KubeArmorPolicySpec]())
	i := slices.IndexFunc(found, func(c check) bool { return c.place == "spec.process.matchPaths[].fromSource[]" })
	if i < 0 {
		t.Fatal("not checked")
	}
	want := "!has(object.spec.process) || !has(object.spec.process.matchPaths) || object.spec.process.matchPaths.all(e, " +
		"!has(e.fromSource) || e.fromSource.all(ee, ee.all(kkk, kkk in variables.fromSource)))"
	if found[i].expression != want {
		t.Errorf("got  %s\nwant %s", found[i].expression, want)
	}
	if !slices.Equal(found[i].fields, []string{"path", "dir", "recursive"}) {
		t.Errorf("fields are %q", found[i].fields)
	}
}
