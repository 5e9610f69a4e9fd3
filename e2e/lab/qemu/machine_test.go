package qemu

import (
	"slices"
	"strings"
	"testing"
)

// value is the argument that follows a flag.
func value(args []string, flag string) string {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

func TestAMachineIsAlwaysEmulated(t *testing.T) {
	args := Machine{CPUs: 2, Memory: 1024}.Arguments()
	if got := value(args, "-accel"); !strings.HasPrefix(got, "tcg,") {
		t.Errorf("acceleration is %q, want tcg", got)
	}
	if slices.Contains(args, "-netdev") {
		t.Error("a machine has a network that wasn't asked for")
	}
}

func TestDisksAreThrownAway(t *testing.T) {
	args := Machine{Disks: []Disk{{Image: "/a,b", Serial: "disk0"}}}.Arguments()
	drive := value(args, "-drive")
	if !strings.Contains(drive, "snapshot=on") || !strings.Contains(drive, "file=/a,,b,") {
		t.Errorf("drive is %q, want a snapshot of /a,b with its comma doubled", drive)
	}
}

func TestCountingInstructionsLeavesNothingToChance(t *testing.T) {
	args := Machine{CPUs: 2, CountInstructions: true}.Arguments()
	for flag, want := range map[string]string{"-smp": "1", "-icount": "shift=0,sleep=off", "-seed": "1"} {
		if got := value(args, flag); got != want {
			t.Errorf("%s is %q, want %q", flag, got, want)
		}
	}
	if got := value(args, "-append"); !strings.Contains(got, "nokaslr") {
		t.Errorf("kernel parameters are %q, want nokaslr among them", got)
	}
}

func TestANetworkLeadsNowhereButToForwardedPorts(t *testing.T) {
	args := Machine{Network: true, Forwards: []Forward{{Host: 8080, Guest: 80}}}.Arguments()
	if got, want := value(args, "-netdev"), "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:8080-:80"; got != want {
		t.Errorf("network is %q, want %q", got, want)
	}
}
