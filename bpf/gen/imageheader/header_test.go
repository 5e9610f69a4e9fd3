package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheCommittedHeaderIsWhatTheLayoutSays(t *testing.T) {
	source, err := os.ReadFile("../../../policy/image/layout.go")
	if err != nil {
		t.Fatal(err)
	}
	want, err := header(source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../headers/image.h")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("headers/image.h is not current, run `go generate` in bpf (-want +got):\n%s", diff)
	}
}

func TestMacroNames(t *testing.T) {
	for name, want := range map[string]string{
		"Magic": "MAGIC", "HeaderFileStart": "HEADER_FILE_START", "FlagTTY": "FLAG_TTY",
		"SocketICMP": "SOCKET_ICMP", "SocketICMPv6": "SOCKET_ICMPV6", "SocketOtherFamily": "SOCKET_OTHER_FAMILY",
		"ConditionTTY": "CONDITION_TTY",
	} {
		if got := macro(name); got != want {
			t.Errorf("macro(%q) = %q, want %q", name, got, want)
		}
	}
}
