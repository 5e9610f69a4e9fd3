package exercise

import (
	"strings"
	"testing"
)

func TestKernelWithBPFAmongItsModulesIsAccepted(t *testing.T) {
	for _, modules := range []string{"bpf", "lockdown,capability,bpf\n", "bpf,landlock"} {
		if err := hasBPF(modules); err != nil {
			t.Errorf("%q: %v", modules, err)
		}
	}
}

func TestKernelWithoutBPFIsToldTheParameterToBootWith(t *testing.T) {
	for _, modules := range []string{"lockdown,capability,apparmor\n", "capability,ebpf"} {
		err := hasBPF(modules)
		if want := "lsm=" + strings.TrimSpace(modules) + ",bpf"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %s", modules, err, want)
		}
	}
}
