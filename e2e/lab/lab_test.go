package lab_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"kubearmor.io/e2e/lab"
	"kubearmor.io/e2e/lab/image"
)

// boot starts a guest for a test. It takes seconds, so a test runs all its
// cases in one.
func boot(t *testing.T, config lab.Config) *lab.Guest {
	t.Helper()
	config.Progress = os.Stderr
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	g, err := lab.Boot(ctx, config)
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

// outcome is what a command in a guest gave.
type outcome struct {
	Exit           int
	Stdout, Stderr string
}

func run(t *testing.T, g *lab.Guest, command lab.Command) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	exit, err := g.Run(ctx, command)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{exit, stdout.String(), stderr.String()}
}

func shell(script string) lab.Command { return lab.Command{Args: []string{"sh", "-c", script}} }

// commandCase is a command and what it should give.
type commandCase struct {
	name    string
	command lab.Command
	want    outcome
}

// commandCases are run in a guest that has /data/file from the host.
func commandCases() []commandCase {
	return []commandCase{
		{"the kernel is of the line that was asked for", shell("uname -r | cut -d. -f1-2"), outcome{Stdout: "6.1\n"}},
		{"bpf is among the security modules", shell("grep -o bpf /sys/kernel/security/lsm"), outcome{Stdout: "bpf\n"}},
		{"output and errors arrive apart", shell("echo out; echo err >&2"), outcome{Stdout: "out\n", Stderr: "err\n"}},
		{"the exit status is the command's", shell("exit 42"), outcome{Exit: 42}},
		{"a signal's number shows in the exit status", shell("kill -9 $$"), outcome{Exit: 137}},
		{"the last of long output comes before the status", shell("head -c 3000000 /dev/zero; printf end"), outcome{Stdout: strings.Repeat("\x00", 3000000) + "end"}},
		{"a process left behind holds nothing up", shell("sleep 1000 & echo done"), outcome{Stdout: "done\n"}},
		{"orphans are reaped", shell("(true & exec true); sleep 0.2; grep -sl 'State:.Z' /proc/[0-9]*/status"), outcome{Exit: 1}},
		{"standard input is empty unless given", shell("cat"), outcome{}},
		{"standard input is passed on to its end", lab.Command{Args: []string{"cat"}, Stdin: strings.NewReader("given\n")}, outcome{Stdout: "given\n"}},
		{"the environment is added to", lab.Command{Args: []string{"sh", "-c", "echo $ADDED $HOME"}, Env: []string{"ADDED=yes"}}, outcome{Stdout: "yes /root\n"}},
		{"the working folder is as asked", lab.Command{Args: []string{"pwd"}, Dir: "/data"}, outcome{Stdout: "/data\n"}},
		{"what was added is there", shell("cat /data/file"), outcome{Stdout: "from the host\n"}},
		{"commands run as root", shell("id -u"), outcome{Stdout: "0\n"}},
		{"modules of the running kernel can be loaded", shell("modprobe -a overlay veth nf_tables"), outcome{}},
		{"controllers are handed down for runtimes", shell("grep -ow 'memory' /sys/fs/cgroup/cgroup.subtree_control"), outcome{Stdout: "memory\n"}},
		{"a container runtime is at hand", shell("runc --version >/dev/null && containerd --version >/dev/null && ctr --version >/dev/null"), outcome{}},
		{"file systems are mounted", shell("cd /; for m in proc sys dev/pts dev/shm sys/fs/bpf sys/fs/cgroup sys/kernel/security sys/kernel/tracing tmp run; do mountpoint -q $m || echo $m; done"), outcome{}},
		{"the loopback interface is up", shell("ip -brief link show lo | grep -o LOWER_UP"), outcome{Stdout: "LOWER_UP\n"}},
	}
}

func TestCommandsInAGuest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("from the host\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	g := boot(t, lab.Config{Add: []lab.Add{{Host: file, Path: "/data/file"}}})
	for _, tt := range commandCases() {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, run(t, g, tt.command)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a command that reads nothing holds nothing up", func(t *testing.T) { testIdleReader(t, g) })
	t.Run("commands run side by side", func(t *testing.T) { testSideBySide(t, g) })
	t.Run("a command that takes too long is killed", func(t *testing.T) { testCancelled(t, g) })
	t.Run("one that hangs first says where", func(t *testing.T) { testHanging(t, g) })
	t.Run("a program that isn't there is an error", func(t *testing.T) { testAbsentProgram(t, g) })
	t.Run("a guest that dies says why", func(t *testing.T) { testDeath(t, g) })
}

func testIdleReader(t *testing.T, g *lab.Guest) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var idle sync.WaitGroup
	idle.Go(func() {
		_, err := g.Run(ctx, lab.Command{Args: []string{"sleep", "1000"}, Stdin: bytes.NewReader(make([]byte, 8<<20))})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want the context's", err)
		}
	})
	whole := run(t, g, lab.Command{Args: []string{"wc", "-c"}, Stdin: bytes.NewReader(make([]byte, 4<<20))})
	if diff := cmp.Diff(outcome{Stdout: "4194304\n"}, whole); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	cancel()
	idle.Wait()
}

func testSideBySide(t *testing.T, g *lab.Guest) {
	var both sync.WaitGroup
	both.Go(func() { run(t, g, shell("mkfifo /tmp/fifo; cat /tmp/fifo")) })
	both.Go(func() { run(t, g, shell("until test -p /tmp/fifo; do :; done; echo > /tmp/fifo")) })
	both.Wait()
}

func testCancelled(t *testing.T, g *lab.Guest) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := g.Run(ctx, lab.Command{Args: []string{"sh", "-c", "echo started; exec sleep 12345"}, Stdout: cancelOnWrite(cancel)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
	gone := run(t, g, shell("while pgrep -f 'sleep 1234[5]'; do :; done > /dev/null"))
	if diff := cmp.Diff(outcome{}, gone); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func testAbsentProgram(t *testing.T, g *lab.Guest) {
	if exit, err := g.Run(t.Context(), lab.Command{Args: []string{"no-such-program"}}); err == nil {
		t.Errorf("exit status %d, want an error", exit)
	}
}

func testDeath(t *testing.T, g *lab.Guest) {
	_, err := g.Run(t.Context(), shell("echo c > /proc/sysrq-trigger"))
	if !errors.Is(err, lab.ErrGuestDied) || !strings.Contains(err.Error(), "Kernel panic") {
		t.Errorf("error is %v, want the guest's death with the kernel's panic", err)
	}
}

func testHanging(t *testing.T, g *lab.Guest) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var said, output bytes.Buffer
	late := errors.New("it took too long")
	command := shell("trap 'echo it hangs here; exit' QUIT; echo ready; while :; do read -r x < /proc/uptime; done")
	command.Stdout, command.Stderr = io.MultiWriter(&output, cancelOnWrite(func() { cancel(late) })), &said
	if _, err := g.Run(ctx, command); !errors.Is(err, late) || !strings.Contains(err.Error(), "Show Blocked State") {
		t.Errorf("error is %v, want %q and the kernel's blocked tasks", err, late)
	}
	if !strings.Contains(output.String(), "it hangs here") {
		t.Errorf("output is %q, want what it said when it was told to quit; errors %q", output.String(), said.String())
	}
}

// cancelOnWrite ends a command once it has printed something.
type cancelOnWrite context.CancelFunc

func (c cancelOnWrite) Write(p []byte) (int, error) {
	c()
	return len(p), nil
}

func TestTheLabRefusesWhatCannotBoot(t *testing.T) {
	tests := []struct {
		name   string
		config lab.Config
		want   string
	}{
		{"an unknown kernel", lab.Config{Kernel: "4.19"}, "choose one of"},
		{"too little memory", lab.Config{Memory: 16}, "at least 256"},
		{"no processor", lab.Config{CPUs: -1}, "needs a processor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := lab.Boot(t.Context(), tt.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestContainersInAGuest(t *testing.T) {
	var output bytes.Buffer
	exit, err := lab.Test(t.Context(), lab.Config{
		Images: image.Names(), Stdout: &output, Stderr: &output, Progress: os.Stderr,
	}, "e2e/lab/oci", "-test.v")
	if err != nil {
		t.Fatal(err)
	}
	if exit != 0 || strings.Contains(output.String(), "--- SKIP") || !strings.Contains(output.String(), "--- PASS") {
		t.Errorf("exit status %d:\n%s", exit, output.String())
	}
}

func TestEqualLoopsCostEqualNumbersOfInstructions(t *testing.T) {
	// The clock counts instructions: bash's microseconds are thousands of them.
	loop := lab.Command{Args: []string{"bash", "-c", `
		for round in 1 2 3; do
			from=${EPOCHREALTIME/./}
			for i in {1..3000}; do [ -e /etc/passwd ]; done
			echo $((${EPOCHREALTIME/./} - from))
		done | sort -n | head -n 1`}}
	var costs []int
	for range 2 {
		g := boot(t, lab.Config{CountInstructions: true})
		got := run(t, g, loop)
		cost, err := strconv.Atoi(strings.TrimSpace(got.Stdout))
		if err != nil {
			t.Fatalf("outcome is %+v, want a number", got)
		}
		costs = append(costs, cost)
	}
	if difference := max(costs[0]-costs[1], costs[1]-costs[0]); difference > costs[0]/1000 {
		t.Errorf("costs are %v thousand instructions, want them equal to a thousandth", costs)
	}
	t.Logf("costs are %v thousand instructions", costs)
}
