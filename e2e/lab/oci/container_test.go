package oci_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"kubearmor.io/e2e/lab/image"
	"kubearmor.io/e2e/lab/oci"
)

// needsGuest skips tests that make containers where the lab doesn't run them.
func needsGuest(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv("KUBEARMOR_LAB") == "" {
		t.Skip("needs a guest: lab test --image busybox,web-app,node,postgres,debian ./e2e/lab/oci")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func create(t *testing.T, ctx context.Context, config oci.Config) *oci.Container {
	t.Helper()
	c, err := oci.Create(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return c
}

func run(t *testing.T, ctx context.Context, config oci.Config) string {
	t.Helper()
	c := create(t, ctx, config)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(c.Output.String())
}

func shell(script string) image.Process { return image.Process{Args: []string{"sh", "-c", script}} }

func TestAContainerRunsTheProgramItIsGiven(t *testing.T) {
	ctx := needsGuest(t)
	tests := []struct {
		name   string
		config oci.Config
		want   string
	}{
		{"with its identifier as host name", oci.Config{Process: shell("hostname")}, "c"},
		{"as process 1", oci.Config{Process: shell("echo $$")}, "1"},
		{"as the user it is given", oci.Config{Process: image.Process{Args: []string{"id", "-u"}, UID: 1000, GID: 1000}}, "1000"},
		{"with the usual capabilities", oci.Config{Process: shell("grep CapEff /proc/self/status | cut -f2")}, "00000000a80425fb"},
		{"without capabilities", oci.Config{Capabilities: []string{}, Process: shell("grep CapEff /proc/self/status | cut -f2")}, "0000000000000000"},
		{"on a root it may write", oci.Config{Process: shell("echo written > /file && cat /file")}, "written"},
		{"in a cgroup of its own", oci.Config{Cgroup: "/pods/pod1/c", Process: shell("cat /proc/self/cgroup")}, "0::/"},
		{"without a terminal", oci.Config{Process: shell("test -t 0 && echo terminal || echo none")}, "none"},
		{"with a terminal", oci.Config{Terminal: true, Process: shell("test -t 0 && echo terminal || echo none")}, "terminal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.ID, tt.config.Image = "c", "/images/busybox"
			if diff := cmp.Diff(tt.want, run(t, ctx, tt.config)); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainersOfOneImageDoNotSeeEachOthersWrites(t *testing.T) {
	ctx := needsGuest(t)
	run(t, ctx, oci.Config{ID: "writer", Image: "/images/busybox", Process: shell("echo mine > /file")})
	got := run(t, ctx, oci.Config{ID: "reader", Image: "/images/busybox", Process: shell("cat /file 2>/dev/null || echo absent")})
	if diff := cmp.Diff("absent", got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestACreatedContainerHasACgroupAndAPIDButRunsNothing(t *testing.T) {
	ctx := needsGuest(t)
	c := create(t, ctx, oci.Config{ID: "held", Image: "/images/busybox", Process: shell("echo ran > /ran")})
	state, err := c.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if state.Status != "created" || state.PID == 0 {
		t.Errorf("state is %+v, want created with a PID", state)
	}
	procs, err := os.ReadFile(filepath.Join(c.CgroupDir(), "cgroup.procs"))
	if err != nil || len(procs) == 0 {
		t.Errorf("cgroup has processes %q (%v), want the container's", procs, err)
	}
	if _, err := os.Stat(filepath.Join(c.Rootfs(), "ran")); !os.IsNotExist(err) {
		t.Errorf("the program ran before Start (%v)", err)
	}
}

func TestExecRunsBesideTheProgram(t *testing.T) {
	ctx := needsGuest(t)
	c := create(t, ctx, oci.Config{ID: "host", Image: "/images/busybox", Process: shell("exec sleep 1000")})
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := c.Exec(ctx, "sh", "-c", "echo it\\'s $1", "sh", "here").Output()
	if err != nil || string(out) != "it's here\n" {
		t.Errorf("output is %q (%v), want it's here", out, err)
	}
	out, err = c.ExecTerminal(ctx, "sh", "-c", "test -t 0 && echo 'a terminal'")
	if err != nil || string(out) != "a terminal\n" {
		t.Errorf("output is %q (%v), want a terminal", out, err)
	}
}
