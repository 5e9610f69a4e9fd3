package debian

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheMirrorIsDebiansAmongAptsSources(t *testing.T) {
	tests := []struct {
		name, targets string
		want          Mirror
	}{
		{
			"beside another vendor's archive",
			"http://vendor.example/apt/|Vendor|Vendor\nhttp://mirror.example/debian/|Debian|Debian\nhttp://mirror.example/debian-security/|Debian|Debian-Security\n",
			Mirror{Main: "http://mirror.example/debian", Security: "http://mirror.example/debian-security"},
		},
		{
			"whose security archive is expected beside it",
			"http://mirror.example/debian/|Debian|Debian\n",
			Mirror{Main: "http://mirror.example/debian", Security: "http://mirror.example/debian-security"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseTargets(tt.targets)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mirror (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMachineWithoutADebianMirrorIsToldSo(t *testing.T) {
	if m, err := parseTargets("http://vendor.example/apt/|Vendor|Vendor\n"); err == nil {
		t.Errorf("mirror is %+v, want an error", m)
	}
}
