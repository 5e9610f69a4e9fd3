package bpflsm

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestActiveModules(t *testing.T) {
	for name, c := range map[string]struct{ list, wantErr string }{
		"bpf is active":            {"capability,landlock,bpf\n", ""},
		"bpf is alone":             {"bpf", ""},
		"bpf is missing":           {"capability,landlock\n", "add lsm=capability,landlock,bpf to the kernel's command line"},
		"a module merely named so": {"capability,notbpf\n", "lack bpf"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkActive(fstest.MapFS{"lsm": {Data: []byte(c.list)}})
			switch {
			case c.wantErr == "" && err != nil:
				t.Error(err)
			case c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)):
				t.Errorf("error %v, want one with %q", err, c.wantErr)
			}
		})
	}
	if err := checkActive(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "mount -t securityfs") {
		t.Errorf("without securityfs: %v", err)
	}
}
