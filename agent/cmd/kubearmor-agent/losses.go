package main

import (
	"context"
	"time"

	"github.com/go-logr/logr"

	"kubearmor.io/agent/enforcer"
)

// lossInterval is how often a running agent looks whether events were lost.
const lossInterval = 10 * time.Second

// tellLosses says what was not reported, as it happens and once more in the end.
func tellLosses(ctx context.Context, e enforcer.Enforcer) error {
	log := logr.FromContextOrDiscard(ctx)
	tick := time.NewTicker(lossInterval)
	defer tick.Stop()
	var told uint64
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-tick.C:
		}
		now, err := e.Counters()
		if err != nil {
			return err
		}
		if lost := now.EventsDropped + now.Unexplained; lost > told {
			told = lost
			log.Info("events were dropped: they came faster than they were read; what was denied stayed denied", "dropped", told, "written", now.Events)
		}
	}
	return nil
}
