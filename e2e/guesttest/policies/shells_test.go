//go:build guest

package policies

import (
	"testing"

	"kubearmor.io/e2e/exercise/container"
)

func idle(image, labels string) workload {
	return workload{image: image, args: []string{"/bin/sleep", "1000000"}, namespace: "default", labels: labels}
}

// alive is ready as soon as the program has been exec'ed.
func alive(*pod) error { return nil }

func TestBlockShellsOnRunningDebian(t *testing.T) {
	blocked := [][]string{
		{"bash", "-c", "exit 0"}, {"sh", "-c", "exit 0"}, {"dash", "-c", "exit 0"}, {"/usr/bin/sh", "-c", "exit 0"},
		{"python3", "-c", "pass"}, {"python3.11", "-c", "pass"}, {"perl", "-e", "1"}, {"/hello"},
	}
	w := idle("debian", "app=anything")
	w.files = map[string]container.File{"/hello": {Text: "#!/bin/sh\necho hello\n", Mode: 0o755}}
	before := func(p *pod) {
		for _, args := range blocked {
			p.runs(args...)
		}
	}
	p := running(t, w, alive, before, "block-shells-cluster-wide")
	for _, args := range blocked {
		p.refuses(args...)
	}
	p.reports(
		"block-shells-cluster-wide: Process /usr/bin/bash", "block-shells-cluster-wide: Process /usr/bin/dash",
		"block-shells-cluster-wide: Process /usr/bin/python3.11", "block-shells-cluster-wide: Process /usr/bin/perl",
	)
	for _, args := range [][]string{{"cat", "/etc/passwd"}, {"ls", "/"}, {"grep", "root", "/etc/passwd"}, {"awk", "BEGIN { exit 0 }"}, {"env", "true"}} {
		p.runs(args...)
	}
	p.reports()

	// From within, and under another name.
	if r := p.exec("env", "bash", "-c", "exit 0"); r.Code == 0 {
		t.Errorf("bash started from within: %s", r)
	}
	p.reports("block-shells-cluster-wide: Process /usr/bin/bash")
	// Its loader would map it.
	if r := p.exec("/lib64/ld-linux-x86-64.so.2", "/bin/bash", "-c", "exit 0"); r.Code == 0 {
		t.Errorf("bash started by its loader: %s", r)
	}
	p.reports("block-shells-cluster-wide: Process /usr/bin/bash")
}

func TestBlockShellsWhereTheShellIsALinkToBusybox(t *testing.T) {
	shell := []string{"sh", "-c", "exit 0"}
	p := running(t, idle("busybox", "app=anything"), alive, func(p *pod) { p.runs(shell...) }, "block-shells-cluster-wide")
	p.refuses(shell...)
	p.refuses("/bin/sh", "-c", "exit 0")
	p.reports("block-shells-cluster-wide: Process /bin/busybox")
	p.runs("cat", "/etc/hosts")
	p.runs("ls", "/")
	// What the policy does not hold, as lint says: the same program under another name.
	p.runs("busybox", "sh", "-c", "exit 0")
	p.reports()
}

func TestBlockShellsFromCreation(t *testing.T) {
	p := created(t, idle("debian", "app=anything"), "block-shells-cluster-wide")
	p.runs("cat", "/etc/passwd")
	p.reports()
	p.refuses("bash", "-c", "exit 0")
	p.reports("block-shells-cluster-wide: Process /usr/bin/bash")
}

func TestBlockShellsKeepsAShellFromBeingTheFirstProgram(t *testing.T) {
	w := idle("debian", "app=anything")
	w.args = []string{"/bin/sh", "-c", "exec sleep 1000000"}
	p := created(t, w, "block-shells-cluster-wide")
	p.ended()
	p.awaits("block-shells-cluster-wide: Process /usr/bin/dash")
}
