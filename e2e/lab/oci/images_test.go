package oci_test

import (
	"os/exec"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"kubearmor.io/e2e/lab/oci"
)

func TestEachImagesProgramServes(t *testing.T) {
	ctx := needsGuest(t)
	tests := []struct {
		image string
		ask   []string // in the guest, whose network the container shares
		want  string
	}{
		{"web-app", []string{"curl", "-sS", "http://localhost:80/"}, "web-app serves"},
		{"node", []string{"curl", "-sS", "http://localhost:8080/"}, "the node app serves"},
		{"postgres", []string{"runc", "exec", "postgres", "/usr/lib/postgresql/15/bin/psql", "-h", "localhost", "-Atc", "select 'the database serves'"}, "the database serves"},
	}
	for _, tt := range tests {
		t.Run(tt.image, func(t *testing.T) {
			c := create(t, ctx, oci.Config{ID: tt.image, Image: "/images/" + tt.image, Share: []specs.LinuxNamespaceType{specs.NetworkNamespace}})
			if err := c.Start(ctx); err != nil {
				t.Fatal(err)
			}
			for {
				out, err := exec.CommandContext(ctx, tt.ask[0], tt.ask[1:]...).CombinedOutput()
				if err == nil && strings.Contains(string(out), tt.want) {
					return
				}
				if state, stateErr := c.State(ctx); stateErr != nil || state.Status != "running" || ctx.Err() != nil {
					t.Fatalf("container is %s (%v), last answer %q (%v), it printed:\n%s", state.Status, stateErr, out, err, c.Output)
				}
			}
		})
	}
}

func TestTheInterpretersOfTheDebianImageWork(t *testing.T) {
	ctx := needsGuest(t)
	c := oci.Config{ID: "debian", Image: "/images/debian", Process: shell(`python3 -c 'import ctypes; print("python")'; perl -e 'print "perl\n"'; bash -c 'echo bash'`)}
	if got := run(t, ctx, c); got != "python\nperl\nbash" {
		t.Errorf("output is %q, want that of python, perl and bash", got)
	}
}
