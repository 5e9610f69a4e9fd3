package mounts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want Mount
	}{
		"an ordinary mount":              {"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue", Mount{36, 35, "/mnt1", "/mnt2", "ext3"}},
		"without optional fields":        {"1 1 0:1 / / rw - rootfs none rw", Mount{1, 1, "/", "/", "rootfs"}},
		"a space, a tab and a backslash": {`2 1 0:2 / /a\040b\011c\134d rw shared:2 - tmpfs none rw`, Mount{2, 1, "/", "/a b\tc\\d", "tmpfs"}},
		"an escape that is none":         {`2 1 0:2 / /a\9 rw - tmpfs none rw`, Mount{2, 1, "/", `/a\9`, "tmpfs"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(strings.NewReader(c.line + "\n"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Mount{c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefusesOtherText(t *testing.T) {
	for _, line := range []string{"", "36 35 98:0 / / rw", "x 35 98:0 / / rw - ext4 a b", "1 y 98:0 / / rw - ext4 a b", "1 2 3 - a"} {
		if _, err := Parse(strings.NewReader(line + "\n")); err == nil {
			t.Errorf("%q was taken for a mount", line)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("36 35 98:0 /mnt1 /mnt2 rw master:1 - ext3 /dev/root rw\n")
	f.Add(`2 1 0:2 / /a\040b rw - tmpfs none rw`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse(strings.NewReader(text))
		if err == nil && len(all) > strings.Count(text, "\n")+1 {
			t.Errorf("%d mounts from %q", len(all), text)
		}
	})
}
