package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyPackagesOfMissingProgramsAreInstalled(t *testing.T) {
	tests := []struct {
		name string
		has  func(string) bool
		want []string
	}{
		{"none if all is there", func(string) bool { return true }, nil},
		{"the emulator's if that is missing", func(p string) bool { return p != "qemu-system-x86_64" }, []string{"qemu-system-x86"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, missing(tt.has)); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
		})
	}
}
