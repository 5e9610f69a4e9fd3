package node

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestWhatTurnsEnforcementOff(t *testing.T) {
	for name, c := range map[string]struct{ line, file, want string }{
		"nothing":                      {"root=/dev/vda quiet", "", ""},
		"the parameter":                {"root=/dev/vda kubearmor=off quiet\n", "", "the kernel's command line (kubearmor=off)"},
		"a parameter that begins so":   {"kubearmor=offline xkubearmor=off", "", ""},
		"the file":                     {"quiet", "etc/kubearmor/disabled", "the file /etc/kubearmor/disabled"},
		"a file with a name beside it": {"quiet", "etc/kubearmor/disabled.not", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{"proc/cmdline": {Data: []byte(c.line)}}
			if c.file != "" {
				root[c.file] = &fstest.MapFile{}
			}
			got, err := SwitchedOff(root)
			if err != nil || got != c.want {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestASecondAgentWaitsAndThenFails(t *testing.T) {
	dir := t.TempDir()
	first, err := TakeLock(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = TakeLock(t.Context(), dir, 30*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("error %v, want one that names the process", err)
	}
	given := time.AfterFunc(50*time.Millisecond, func() { _ = first.Close() })
	defer given.Stop()
	second, err := TakeLock(t.Context(), dir, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_ = second.Close()
}
