package bpflsm

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"kubearmor.io/agent/enforcer"
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
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- (&Enforcer{reader: reader}).Events(ctx, func(enforcer.Event) {}) }()
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
