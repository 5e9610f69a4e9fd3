package kernel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// index answers as apt-cache show does, from stanzas by package name.
func index(stanzas map[string]string) show {
	return func(names ...string) (string, error) {
		var b strings.Builder
		for _, name := range names {
			b.WriteString("Package: " + name + "\nArchitecture: amd64\n" + stanzas[name] + "\n\n")
		}
		return b.String(), nil
	}
}

func TestTheMetapackageLeadsToTheKernel(t *testing.T) {
	tests := []struct {
		name    string
		stanzas map[string]string
		want    []string
	}{
		{
			"to one package, whose other dependencies are left out",
			map[string]string{
				"linux-image-cloud-amd64":         "Version: 6.1.10-1\nDepends: linux-image-6.1.0-9-cloud-amd64 (= 6.1.10-1)",
				"linux-image-6.1.0-9-cloud-amd64": "Version: 6.1.10-1\nDepends: kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool",
			},
			[]string{"linux-image-6.1.0-9-cloud-amd64_6.1.10-1_amd64.deb"},
		},
		{
			"to all parts of one that is split, each once",
			map[string]string{
				"linux-image-cloud-amd64":       "Version: 7.3-1\nDepends: linux-image-7.3-cloud-amd64 (= 7.3-1), linux-modules-7.3-cloud-amd64 (= 7.3-1)",
				"linux-image-7.3-cloud-amd64":   "Version: 7.3-1\nDepends: linux-binary-7.3-cloud-amd64 (= 7.3-1), linux-modules-7.3-cloud-amd64 (= 7.3-1)",
				"linux-modules-7.3-cloud-amd64": "Version: 7.3-1\nDepends: linux-base-7.3-cloud-amd64",
				"linux-binary-7.3-cloud-amd64":  "Version: 7.3-1",
				"linux-base-7.3-cloud-amd64":    "Version: 7.3-1",
			},
			[]string{
				"linux-image-7.3-cloud-amd64_7.3-1_amd64.deb", "linux-modules-7.3-cloud-amd64_7.3-1_amd64.deb",
				"linux-binary-7.3-cloud-amd64_7.3-1_amd64.deb", "linux-base-7.3-cloud-amd64_7.3-1_amd64.deb",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := resolve(index(tt.stanzas))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range parts {
				got = append(got, p.FileName())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMetapackageThatLeadsNowhereIsAnError(t *testing.T) {
	_, err := resolve(index(map[string]string{"linux-image-cloud-amd64": "Version: 1"}))
	if err == nil {
		t.Error("no error for a metapackage without a kernel")
	}
}

func TestAnUnknownLineIsRefusedWithTheKnownOnes(t *testing.T) {
	_, err := FindLine("4.19")
	if err == nil || !strings.Contains(err.Error(), "5.10, 6.1, 6.12, newest") {
		t.Errorf("error is %v, want the known lines in it", err)
	}
}
