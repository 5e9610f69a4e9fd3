package bpflsm

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
)

func TestEventsEndWithTheContextWhileNoneComes(t *testing.T) {
	buffer, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: uint32(os.Getpagesize())})
	if errors.Is(err, os.ErrPermission) {
		t.Skip("making a ring buffer needs root")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer buffer.Close()
	reader, err := ringbuf.NewReader(buffer)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	folds, err := ebpf.NewMap(&ebpf.MapSpec{
		Type: ebpf.Hash, MaxEntries: 1,
		KeySize: uint32(binary.Size(bpf.EnforcerFoldKey{})), ValueSize: uint32(binary.Size(bpf.EnforcerFold{})),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer folds.Close()
	e := &Enforcer{reader: reader}
	e.objects.Folds = folds
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Events(ctx, func(enforcer.Event) {}) }()
	select {
	case err := <-ended:
		t.Fatalf("it ended before the context did: %v", err)
	case <-time.After(50 * time.Millisecond): // it has most likely begun to wait
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for events although the context has ended")
	}
}
