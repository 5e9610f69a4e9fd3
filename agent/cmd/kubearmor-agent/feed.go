package main

import (
	"context"
	"errors"

	"github.com/go-logr/logr"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/feed"
	"kubearmor.io/agent/socket"
	"kubearmor.io/api/event"
)

// withFeed serves what work tells on a socket, if one is named, until work ends. Should serving
// fail on the way, enforcement goes on.
func withFeed(ctx context.Context, e enforcer.Enforcer, on socket.Options, work func(tell func(event.Alert)) error) error {
	if on.Path == "" {
		return work(func(event.Alert) {})
	}
	on.Connections = feed.Connections
	served, err := feed.New(feed.Options{Socket: on, Version: version, Counters: e.Counters})
	if err != nil {
		return err
	}
	serving, done := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := served.Serve(serving)
		if err != nil {
			logr.FromContextOrDiscard(ctx).Error(err, "events are no longer served", "socket", on.Path)
		}
		ended <- err
	}()
	err = work(served.Alert)
	done()
	return errors.Join(err, <-ended)
}
