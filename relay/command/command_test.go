package command

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reference")

// TestTheReferenceIsThatOfTheCommand holds docs/reference/relay.md. Run it with -update to rewrite it.
func TestTheReferenceIsThatOfTheCommand(t *testing.T) {
	const path = "../../docs/reference/relay.md"
	cmd := New("")
	want := fmt.Sprintf(`# kubearmor-relay

The relay takes the events of its node's agent and hands them to clients: [karmor logs](cli.md) and whatever speaks gRPC
`+"`feeder.LogService`"+` (api/feeder/feeder.proto). Exit status: 0, 1 when something failed, 2 on bad flags. This page is made from
the command's own help.

`+"```text"+`
%s

Usage:
  %s

Flags:
%s`+"```"+`
`, cmd.Long, cmd.UseLine(), cmd.LocalFlags().FlagUsages())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != want {
		t.Errorf("the reference is not that of the command (%v); run with -update. It has to be\n%s", err, want)
	}
}

func TestFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	for args, want := range map[string]string{
		"":                            "give --tls-cert, --tls-key and --tls-ca, or say --insecure",
		"--tls-cert a --tls-key b":    "give --tls-cert, --tls-key and --tls-ca, or say --insecure",
		"--insecure --tls-ca a":       "--insecure takes no certificates",
		"--insecure --queue-events 0": "more than nothing",
		"--nothing":                   "unknown flag",
	} {
		cmd := New("")
		cmd.SetArgs(strings.Fields(args))
		err := cmd.ExecuteContext(t.Context())
		var usage UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
	cmd := New("")
	cmd.SetArgs(strings.Fields("--tls-cert none.crt --tls-key none.key --tls-ca none.ca"))
	if err := cmd.ExecuteContext(t.Context()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.crt") {
		t.Errorf("files that are missing: %v", err)
	}
}
