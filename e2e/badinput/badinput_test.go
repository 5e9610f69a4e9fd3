package badinput

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubearmor.io/e2e/lab"
)

// TestOnAMachineThatCanEnforce has one guest for all cases. The good policies that are in force in the
// end show that what was refused before has left nothing behind.
func TestOnAMachineThatCanEnforce(t *testing.T) {
	g := boot(t, lab.Config{Images: []string{"busybox"}})
	t.Run("bad input is refused whole", func(t *testing.T) { badInputIsRefused(t, g) })
	t.Run("a bad file changes nothing that is in force", func(t *testing.T) { badFileChangesNothing(t, g) })
	t.Run("run is the command that it runs", func(t *testing.T) { runIsItsCommand(t, g) })
}

// boot starts a guest.
func boot(t *testing.T, config lab.Config) *lab.Guest {
	t.Helper()
	config.Progress = os.Stderr
	config.Add = append(config.Add, lab.Add{Host: tooComplex(t), Path: "/input"})
	g, err := lab.Boot(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// tooComplex returns a copy of testdata with a set of policies that no automaton holds.
func tooComplex(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: wild}\nspec:\n  file:\n    matchPatterns:\n")
	for i := range 60 {
		fmt.Fprintf(&b, "    - pattern: \"/**/%c*%c*/**/*%d*/**\"\n", 'a'+i%26, 'b'+i%25, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "too-complex.yaml"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sh runs a script in the guest and returns its status and all it printed.
func sh(t *testing.T, g *lab.Guest, script string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	exit, err := g.Run(ctx, lab.Command{Args: []string{"sh", "-c", script}, Stdout: &out, Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	return exit, out.String()
}

// refusal is a command line that must be refused.
type refusal struct {
	name, script string
	exit         int
	says         []string
}

// check runs the script, in which RUN stands for a run whose command leaves a trace.
func (r refusal) check(t *testing.T, g *lab.Guest) {
	t.Helper()
	exit, out := sh(t, g, "rm -f /tmp/trace; "+strings.ReplaceAll(r.script, "RUN", "kubearmor-agent run")+
		"; status=$?; [ ! -e /tmp/trace ] || echo THE COMMAND RAN; exit $status")
	if exit != r.exit {
		t.Errorf("exit status %d, want %d", exit, r.exit)
	}
	for _, s := range append(r.says, "kubearmor-agent: ") {
		if !strings.Contains(out, s) {
			t.Errorf("the error does not say %q", s)
		}
	}
	if strings.Contains(out, "THE COMMAND RAN") {
		t.Error("the command ran although its policies were refused")
	}
	if t.Failed() {
		t.Logf("it printed:\n%s", out)
	}
}

const trace = " -- /bin/touch /tmp/trace"

func badInputIsRefused(t *testing.T, g *lab.Guest) {
	for _, r := range []refusal{
		{"an unknown field", "RUN -f /input/good.yaml -f /input/unknown-field.yaml" + trace, 2,
			[]string{"/input/unknown-field.yaml: KubeArmorPolicy/default/misspelt: spec.process.matchPath", "matchPaths"}},
		{"a bad glob", "RUN -f /input/bad-glob.yaml" + trace, 2,
			[]string{"KubeArmorPolicy/default/bad-glob: spec.file.matchPatterns[0].pattern"}},
		{"a set that is too complex", "RUN -f /input/too-complex.yaml" + trace, 2,
			[]string{"TooComplex", "KubeArmorPolicy/default/wild spec.file.matchPatterns["}},
		{"a file that does not exist", "RUN -f /input/none.yaml" + trace, 2, []string{"/input/none.yaml", "no such file"}},
		{"a folder instead of a file", "RUN -f /input" + trace, 2, []string{"/input"}},
		{"rules that can't be carried out", "RUN -f /input/not-enforceable.yaml" + trace, 2,
			[]string{"KubeArmorPolicy/default/watched", "spec.syscalls.matchPaths[0]", "system call", "--partial"}},
		{"no root", "cp -r /input /tmp/input; chmod -R a+rX /tmp/input; setpriv --reuid 65534 --regid 65534 --clear-groups kubearmor-agent run -f /tmp/input/good.yaml" + trace, 1,
			[]string{"root"}},
		{"no BTF", "mkdir -p /tmp/none; unshare -m sh -c 'mount --bind /tmp/none /sys/kernel/btf; exec kubearmor-agent run -f /input/good.yaml" + trace + "'", 1,
			[]string{"BTF", "CONFIG_DEBUG_INFO_BTF"}},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t, g) })
	}
}

func TestWithoutBPFInTheListOfLSMsNothingIsClaimed(t *testing.T) {
	g := boot(t, lab.Config{LSM: "landlock,yama,apparmor"})
	refusal{script: "RUN -f /input/good.yaml" + trace, exit: 1, says: []string{"lack bpf", "kernel's command line"}}.check(t, g)
	if exit, out := sh(t, g, "kubearmor-agent check"); exit == 0 || !strings.Contains(out, "lsm=") {
		t.Errorf("check: exit status %d; it printed:\n%s", exit, out)
	}
}

// TestAnOldKernelIsRefused: there LSM programs attach, and without bpf in its default list
// are never called; nor has it the task storage that the enforcer needs.
func TestAnOldKernelIsRefused(t *testing.T) {
	g := boot(t, lab.Config{Kernel: "5.10"})
	refusal{script: "RUN -f /input/good.yaml" + trace, exit: 1, says: []string{"no task storage", "needs Linux 6.1"}}.check(t, g)
}

// badFileChangesNothing watches a folder of policies.
func badFileChangesNothing(t *testing.T, g *lab.Guest) {
	exit, out := sh(t, g, `
mkdir /tmp/policies /sys/fs/cgroup/target; cp /input/good.yaml /tmp/policies
sh -c 'echo $$ >/sys/fs/cgroup/target/cgroup.procs; while [ ! -e /tmp/end ]; do sort /etc/passwd >/dev/null 2>&1 && echo ran >>/tmp/sorts || echo denied >>/tmp/sorts; done' &
loop=$!
kubearmor-agent attach --pid $loop --name target --policies /tmp/policies --ready-file /tmp/ready 2>/tmp/log &
agent=$!
wait_for() { for i in $(seq 600); do eval "$1" && return; busybox usleep 100000; done; echo "in vain: $1"; cat /tmp/log; exit 1; }
wait_for '[ -e /tmp/ready ]'
wait_for 'grep -q denied /tmp/sorts'
cp /input/bad-glob.yaml /tmp/policies/
wait_for 'grep -q matchPatterns /tmp/log'
: >/tmp/sorts
wait_for '[ $(wc -l </tmp/sorts) -gt 20 ]'
grep -c ran /tmp/sorts && { echo "sort ran although the policy in force blocks it"; exit 1; }
rm /tmp/policies/*
wait_for 'tail -n 1 /tmp/sorts | grep -q ran'
touch /tmp/end; kill $agent; wait $agent`)
	if exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, out)
	}
}
