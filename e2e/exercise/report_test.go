package exercise

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestFailedStepSaysWhatWasSeenAndTheNextIsStillTried(t *testing.T) {
	var out strings.Builder
	failed := report(context.Background(), &out, []step{
		{name: "sh does not start", run: func(context.Context) error { return errors.New("it started\nand ended well") }},
		{name: "nginx serves", run: func(context.Context) error { return nil }},
	})
	want := "FAIL  sh does not start\n      it started\n      and ended well\nPASS  nginx serves\n"
	if failed != 1 || out.String() != want {
		t.Fatalf("%d failed, report:\n%s\nwant:\n%s", failed, out.String(), want)
	}
}

func TestStepsAfterOneTheyNeedFailUntried(t *testing.T) {
	var out strings.Builder
	tried := false
	failed := report(context.Background(), &out, []step{
		{name: "nginx starts", run: func(context.Context) error { return errors.New("no image") }, vital: true},
		{name: "nginx serves", run: func(context.Context) error { tried = true; return nil }},
	})
	if failed != 2 || tried || !strings.Contains(out.String(), "not tried, because this failed: nginx starts") {
		t.Fatalf("%d failed, tried is %v, report:\n%s", failed, tried, out.String())
	}
}
