package badinput

import (
	"encoding/json"
	"strings"
	"testing"

	"kubearmor.io/e2e/lab"
)

// runIsItsCommand: what the caller sees of `karmor run` is the command's.
func runIsItsCommand(t *testing.T, g *lab.Guest) {
	const run = "karmor run -f /input/good.yaml "
	for _, c := range []struct {
		name, script string
		exit         int
		says         string // all it prints, or a part if it begins with ...
	}{
		{"a command that is not in PATH", run + "-- no-such-command", 127, `...find "no-such-command" in the container's PATH: no such file`},
		{"a path that does not exist", run + "-- /no/such/command", 127, ".../no/such/command: no such file"},
		{"a command that may not be executed", run + "-- /etc/passwd", 126, ".../etc/passwd: permission denied"},
		{"nor in PATH", "mkdir -p /tmp/p && cp /etc/passwd /tmp/p/data && PATH=$PATH:/tmp/p " + run + "-- data", 126, ".../tmp/p/data: permission denied"},
		{"a command that the policy blocks", run + "-- sort /etc/passwd", 126, ".../usr/bin/sort: permission denied"},
		{"a command that ends by a signal", run + "-- /bin/sh -c 'kill -9 $$'", 128 + 9, ""},
		{"a signal to the agent is the command's", "(until [ -e /tmp/up ]; do sleep 0.1; done; pkill -USR1 -x kubearmor-agent) & " + run + `-- /bin/sh -c 'trap "exit 5" USR1; : > /tmp/up; while :; do sleep 0.1; done'`, 5, ""},
		{"standard input, both outputs and the exit status are its own", "printf 'a\nb' | " + run + "-- /bin/sh -c 'cat; echo e >&2; exit 7' 2>/tmp/err; status=$?; cat /tmp/err; exit $status", 7, "a\nbe\n"},
		{"its root is the folder, arguments pass as they are", run + `--root /images/busybox/rootfs -- sh -c '[ -e /usr/bin/dash ] || readlink /bin/sh; printf "[%s]" "$@"' sh 'a b' '' '*' --events`, 0, "/bin/busybox\n[a b][][*][--events]"},
		{"a command of the host is not in another root", run + "--root /images/busybox/rootfs -- dash", 127, "...no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			exit, out := sh(t, g, c.script)
			if exit != c.exit {
				t.Errorf("exit status %d, want %d", exit, c.exit)
			}
			part, any := strings.CutPrefix(c.says, "...")
			if any && !strings.Contains(out, part) || !any && out != c.says {
				t.Errorf("it does not say %q", c.says)
			}
			if t.Failed() {
				t.Logf("it printed:\n%s", out)
			}
		})
	}
	t.Run("events are JSON lines in a file", func(t *testing.T) {
		exit, out := sh(t, g, "rm -f /tmp/events; "+run+"--name c --events /tmp/events -- /bin/sh -c '/usr/bin/sort /etc/passwd; /usr/bin/sort' 2>/dev/null; status=$?; cat /tmp/events; exit $status")
		if exit != 126 {
			t.Errorf("exit status %d, want 126", exit)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 2 {
			t.Fatalf("%d lines, want one for each of two denials:\n%s", len(lines), out)
		}
		for _, line := range lines {
			var e struct{ Resource, Action, PolicyName, ContainerName, Operation string }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if e.Resource != "/usr/bin/sort" || e.Action != "Block" || e.PolicyName != "good" || e.ContainerName != "c" || e.Operation != "Process" {
				t.Errorf("%s", line)
			}
		}
	})
	t.Run("what a run leaves behind is nothing", func(t *testing.T) {
		if _, out := sh(t, g, "ls -d /sys/fs/cgroup/kubearmor/run-* 2>/dev/null"); out != "" {
			t.Errorf("cgroups are left: %s", out)
		}
	})
}
