package bpflsm

import (
	"slices"
	"testing"
)

// paths are the names that are recorded, in order.
func paths(found []origin) []string {
	_, records := originRecords(1, found)
	var all []string
	for _, r := range records {
		all = append(all, r.path)
	}
	return all
}

func TestDeviceLaidOverAFileKeepsItsOwnName(t *testing.T) {
	root := origin{point: "/", sb: 1, dentry: 10, isRoot: true, root: "/"}
	dev := origin{point: "/dev", sb: 2, dentry: 20, isRoot: true, root: "/"}
	mask := origin{point: "/proc/kcore", sb: 2, dentry: 21, root: "/null", device: true}
	if got, want := paths([]origin{root, dev, mask}), []string{"", "/dev"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q: or /dev/null is judged as /proc/kcore", got, want)
	}
}

func TestDeviceThatNoOtherMountShowsHasTheNameOfItsFirstMount(t *testing.T) {
	null := origin{point: "/dev/null", sb: 3, dentry: 31, root: "/null", device: true}
	mask := origin{point: "/proc/kcore", sb: 3, dentry: 31, root: "/null", device: true}
	if got, want := paths([]origin{null, mask}), []string{"/dev/null"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestFileThatIsMountedByItselfHasTheNameOfItsMount(t *testing.T) {
	volume := origin{point: "/data", sb: 4, dentry: 40, root: "/volume"}
	file := origin{point: "/etc/settings", sb: 4, dentry: 41, root: "/volume/settings"}
	if got, want := paths([]origin{volume, file}), []string{"/data", "/etc/settings"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}
