package oci

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"kubearmor.io/e2e/lab/image"
)

func TestAContainerTakesFromItsImageWhatItIsNotGiven(t *testing.T) {
	fromImage := image.Process{Args: []string{"server"}, Env: []string{"A=1"}, Dir: "/srv", UID: 101, GID: 101}
	tests := []struct {
		name  string
		given image.Process
		want  image.Process
	}{
		{"all of it", image.Process{}, fromImage},
		{"all but the program", image.Process{Args: []string{"sh"}}, image.Process{Args: []string{"sh"}, Env: []string{"A=1"}, Dir: "/srv", UID: 101, GID: 101}},
		{"the environment, which is added to", image.Process{Env: []string{"B=2"}}, image.Process{Args: []string{"server"}, Env: []string{"A=1", "B=2"}, Dir: "/srv", UID: 101, GID: 101}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Config{ID: "c", Process: tt.given}.withImage(fromImage)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Process); diff != "" {
				t.Errorf("process (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAContainerNeedsAPlainName(t *testing.T) {
	for _, id := range []string{"", "a/b", "a b"} {
		if _, err := (Config{ID: id}).withImage(image.Process{}); err == nil {
			t.Errorf("no error for ID %q", id)
		}
	}
}

func TestSharedNamespacesAreNotMade(t *testing.T) {
	spec := Config{ID: "c", Hostname: "c", Share: []specs.LinuxNamespaceType{specs.PIDNamespace, specs.UTSNamespace}}.Spec()
	for _, n := range spec.Linux.Namespaces {
		if n.Type == specs.PIDNamespace || n.Type == specs.UTSNamespace {
			t.Errorf("namespace %s is made", n.Type)
		}
	}
	if spec.Hostname != "" {
		t.Errorf("host name %q would rename the guest", spec.Hostname)
	}
}

func TestPrivilegeLiftsMasksAndGrantsAllCapabilities(t *testing.T) {
	plain, privileged := Config{ID: "c"}.Spec(), Config{ID: "c", Privileged: true}.Spec()
	if len(plain.Linux.MaskedPaths) == 0 || len(privileged.Linux.MaskedPaths) != 0 {
		t.Error("masked paths: want some for a plain container and none for a privileged one")
	}
	if p, all := len(plain.Process.Capabilities.Bounding), len(privileged.Process.Capabilities.Bounding); p != 14 || all != 41 {
		t.Errorf("capabilities: %d and %d, want 14 and 41", p, all)
	}
}
