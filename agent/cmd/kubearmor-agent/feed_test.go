package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/event"
	"kubearmor.io/api/feeder"
	"kubearmor.io/policy"
)

// fakeEnforcer reports the events it is sent, and enforces nothing.
type fakeEnforcer struct {
	enforcer.Enforcer
	events chan enforcer.Event
}

func (fakeEnforcer) Name() string                         { return event.EnforcerBPFLSM }
func (fakeEnforcer) Counters() (enforcer.Counters, error) { return enforcer.Counters{}, nil }

func (f fakeEnforcer) Events(ctx context.Context, to func(enforcer.Event)) error {
	for {
		select {
		case e := <-f.events:
			to(e)
		case <-ctx.Done():
			return nil
		}
	}
}

func TestEventsOfAnEnforcerAreServedUntilWorkEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	e := fakeEnforcer{events: make(chan enforcer.Event)}
	failed := errors.New("work has failed")
	written := 0
	err := withFeed(t.Context(), e, socket.Options{Path: path, Group: os.Getegid()}, func(tell func(event.Alert)) error {
		to := func(a event.Alert) error {
			tell(a)
			written++
			return nil
		}
		return withEvents(t.Context(), e, to, policyset.Identity{Name: "web"}, func(ctx context.Context) error {
			conn, err := grpc.NewClient("unix:"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				return err
			}
			defer conn.Close()
			alerts, err := feeder.NewLogServiceClient(conn).WatchAlerts(ctx, &feeder.RequestMessage{})
			if err != nil {
				return err
			}
			if _, err := alerts.Header(); err != nil {
				return err
			}
			e.events <- enforcer.Event{Category: policy.File, Resource: "/etc/shadow", Profile: &policy.Profile{}}
			a, err := alerts.Recv()
			if err != nil {
				return err
			}
			if a.Resource != "/etc/shadow" || a.ContainerName != "web" || a.Enforcer != "BPFLSM" {
				t.Errorf("received %v", a)
			}
			return failed
		})
	})
	if !errors.Is(err, failed) {
		t.Error(err)
	}
	if written != 1 {
		t.Errorf("%d events were written", written)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestWithoutASocketNothingIsServed(t *testing.T) {
	ran := false
	err := withFeed(t.Context(), fakeEnforcer{}, socket.Options{}, func(tell func(event.Alert)) error {
		tell(event.Alert{})
		ran = true
		return nil
	})
	if err != nil || !ran {
		t.Errorf("%v, ran: %v", err, ran)
	}
}
