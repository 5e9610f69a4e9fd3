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
	told, err := e.Counters()
	if err != nil {
		return err
	}
	if n := told.StartsOpen + told.StartsRefused + told.StartsLate; n > 0 {
		log.Info("programs started in pods while no agent answered", "passed", told.StartsOpen, "denied", told.StartsRefused, "passed after the time limit", told.StartsLate)
	}
	told.EventsDropped, told.Unexplained = 0, 0
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
		if now.Tampering > told.Tampering {
			log.Info("a container tried to get at the agent or at what it has in the kernel, and was denied", "tries", now.Tampering-told.Tampering)
		}
		if lost := now.EventsDropped + now.Unexplained; lost > told.EventsDropped+told.Unexplained {
			log.Info("events were dropped: they came faster than they were read; what was denied stayed denied", "dropped", lost, "written", now.Events)
		}
		told = now
	}
	return nil
}
