package bpflsm

import (
	"bufio"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// twoViews are processes that see the public file's folder mounted below a secret one too, and not.
// Mounting and unmounting move the count of renames, by which no verdict holds any longer; between
// recording the one view and the other nothing moves but what was recorded.
type twoViews struct{ mounted, plain int }

func newTwoViews(t *testing.T) twoViews {
	t.Helper()
	furnishVerdicts(t)
	makeFile(t, secretFile)
	const point = verdictDir + "/secret/folder"
	must(t, unix.Mount(verdictDir+"/public/folder", point, "", unix.MS_BIND, ""))
	t.Cleanup(func() { must(t, unix.Unmount(point, unix.MNT_DETACH)) })
	return twoViews{viewer(t, "true"), viewer(t, "umount "+point)}
}

// viewer starts a process with mounts of its own, that has made a change to them.
func viewer(t *testing.T, change string) int {
	t.Helper()
	cmd := exec.Command("sh", "-ec", change+"; echo ready; exec sleep 1000000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("a process with mounts of its own: %q, %v", line, err)
	}
	return cmd.Process.Pid
}

// TestAVerdictHoldsNoLongerThanTheRecordedMounts records other mounts of a container of which a verdict is
// remembered: what is public by the ones is secret by the others.
func TestAVerdictHoldsNoLongerThanTheRecordedMounts(t *testing.T) {
	g := newGuest(t, Options{})
	views := newTwoViews(t)
	b := g.box(t, "records", hideSecret)
	must(t, g.Record("records", views.plain))
	r := b.startReader(t)
	b.remember(t, r, "read "+publicFile)
	must(t, g.Record("records", views.mounted))
	if r.do(t, "read %s", publicFile) {
		t.Error("a verdict outlived the mounts by which the file was named")
	}
}

// TestVerdictsAreOfOneContainerWithItsMounts has two containers under the same policies to which one file has
// different names.
func TestVerdictsAreOfOneContainerWithItsMounts(t *testing.T) {
	g := newGuest(t, Options{})
	views := newTwoViews(t)
	plain, mounted := g.box(t, "plain", hideSecret), g.box(t, "mounted", hideSecret)
	must(t, g.Record("plain", views.plain))
	must(t, g.Record("mounted", views.mounted))
	a, b := g.containers["plain"].entry, g.containers["mounted"].entry
	// Nothing but its number tells the one container from the other.
	b.Names = a.Names
	if a.Profile != b.Profile {
		t.Fatal("equal policies are not shared")
	}
	in, out := plain.startReader(t), mounted.startReader(t)
	for range 5 {
		plain.remember(t, in, "read "+publicFile)
		if out.do(t, "read %s", publicFile) {
			t.Fatal("another container's verdict was taken")
		}
	}
}
