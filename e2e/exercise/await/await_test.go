package await

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTrueReturnsAsSoonAsTheConditionHolds(t *testing.T) {
	looks := 0
	err := True(context.Background(), time.Minute, "the third look", func() error {
		if looks++; looks < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || looks != 3 {
		t.Fatalf("error %v after %d looks, want none after 3", err, looks)
	}
}

func TestTrueSaysWhatItWaitedForAndWhatItSawLast(t *testing.T) {
	err := True(context.Background(), 2*Interval, "an answer", func() error { return errors.New("status 502") })
	if err == nil || !strings.Contains(err.Error(), "wait for an answer: status 502") {
		t.Fatalf("error is %v", err)
	}
}

func TestTrueGivesUpOnWhatCanNeverBe(t *testing.T) {
	looks := 0
	gone := errors.New("the process ended")
	err := True(context.Background(), time.Minute, "it", func() error { looks++; return &Never{gone} })
	if !errors.Is(err, gone) || looks != 1 {
		t.Fatalf("error %v after %d looks", err, looks)
	}
}
