package cpio_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"kubearmor.io/e2e/lab/cpio"
)

func TestAnArchiveIsWhatTheKernelReads(t *testing.T) {
	var got bytes.Buffer
	w := cpio.NewWriter(&got)
	for _, err := range []error{w.Folder("dir", 0o755), w.File("dir/file", 0o644, []byte("hello")), w.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const zero = "00000000"
	want := "070701" + zero + "000041ed" + zero + zero + "00000002" + zero + zero + zero + zero + zero + zero + "00000004" + zero + "dir\x00\x00\x00" +
		"070701" + "00000001" + "000081a4" + zero + zero + "00000001" + zero + "00000005" + zero + zero + zero + zero + "00000009" + zero + "dir/file\x00\x00" + "hello\x00\x00\x00" +
		"070701" + zero + zero + zero + zero + "00000001" + zero + zero + zero + zero + zero + zero + "0000000b" + zero + "TRAILER!!!\x00\x00\x00\x00"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
}
