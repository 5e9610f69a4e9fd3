package kernel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecurityModulesAreChosenOnTheCommandLine(t *testing.T) {
	const without = "CONFIG_X=y\nCONFIG_LSM=\"yama,apparmor\"\n"
	tests := []struct {
		name, config, choice string
		want                 []string
	}{
		{"bpf is added to the kernel's own list", without, "bpf", []string{"lsm=yama,apparmor,bpf"}},
		{"nothing chosen means the same", without, "", []string{"lsm=yama,apparmor,bpf"}},
		{"bpf is not added twice", `CONFIG_LSM="yama,bpf"`, "bpf", []string{"lsm=yama,bpf"}},
		{"bpf alone where the list is empty", `CONFIG_LSM=""`, "bpf", []string{"lsm=bpf"}},
		{"default leaves the choice to the kernel", without, "default", nil},
		{"any other list is taken literally", without, "apparmor,bpf", []string{"lsm=apparmor,bpf"}},
		{"selinux is switched on, permissive", without, "selinux,bpf", []string{"lsm=selinux,bpf", "selinux=1", "enforcing=0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := lsmParameters(tt.config, tt.choice)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAKernelWithoutAListNeedsALiteralOne(t *testing.T) {
	if _, err := lsmParameters("CONFIG_X=y", "bpf"); err == nil {
		t.Error("no error for a configuration without CONFIG_LSM")
	}
}
