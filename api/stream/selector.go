package stream

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kubearmor.io/api/feeder"
)

// Values of RequestMessage.Filter; none is all.
const (
	FilterAll    = "all"
	FilterPolicy = "policy" // alerts
	FilterSystem = "system" // logs
)

// Bounds of a request.
const (
	maxPattern   = 256 // bytes
	maxLabelSets = 32
)

// Event is what a selector looks at: *feeder.Alert and *feeder.Log.
type Event interface {
	GetNamespaceName() string
	GetOperation() string
	GetType() string
	GetContainerName() string
	GetPodName() string
	GetResource() string
	GetSource() string
	GetLabels() string
}

// Selector says which events a request selects by their fields.
type Selector struct {
	patterns []pattern
	labels   [][]string // of one of these sets an event has all
}

type pattern struct {
	of   func(Event) string
	want *regexp.Regexp
}

// NewSelector returns the selector of a request, an error if it makes no sense.
func NewSelector(r *feeder.RequestMessage) (*Selector, error) {
	if filters := []string{"", FilterAll, FilterPolicy, FilterSystem}; !slices.Contains(filters, r.GetFilter()) {
		return nil, fmt.Errorf("filter %q: it is all, policy or system", r.GetFilter())
	}
	s := &Selector{}
	for _, f := range []struct {
		name, pattern string
		of            func(Event) string
	}{
		{"namespace", r.GetNamespaceName(), Event.GetNamespaceName},
		{"operation", r.GetOperation(), Event.GetOperation},
		{"type", r.GetType(), Event.GetType},
		{"container", r.GetContainerName(), Event.GetContainerName},
		{"pod", r.GetPodName(), Event.GetPodName},
		{"resource", r.GetResource(), Event.GetResource},
		{"source", r.GetSource(), Event.GetSource},
	} {
		if f.pattern == "" {
			continue
		}
		if len(f.pattern) > maxPattern {
			return nil, fmt.Errorf("the pattern for the %s has %d bytes: %d are the most", f.name, len(f.pattern), maxPattern)
		}
		want, err := regexp.Compile(f.pattern)
		if err != nil {
			return nil, fmt.Errorf("the pattern for the %s: %w", f.name, err)
		}
		s.patterns = append(s.patterns, pattern{f.of, want})
	}
	return s, s.addLabels(r.GetLabels())
}

func (s *Selector) addLabels(sets []string) error {
	if len(sets) > maxLabelSets {
		return fmt.Errorf("%d sets of labels: %d are the most", len(sets), maxLabelSets)
	}
	for _, set := range sets {
		labels := strings.Split(set, ",")
		for _, label := range labels {
			if name, _, ok := strings.Cut(label, "="); !ok || name == "" {
				return fmt.Errorf("labels %q: write them as name=value,...", set)
			}
		}
		s.labels = append(s.labels, labels)
	}
	return nil
}

// Matches says whether the event is selected.
func (s *Selector) Matches(e Event) bool {
	for _, p := range s.patterns {
		if !p.want.MatchString(p.of(e)) {
			return false
		}
	}
	if len(s.labels) == 0 {
		return true
	}
	has := strings.Split(e.GetLabels(), ",")
	return slices.ContainsFunc(s.labels, func(set []string) bool {
		return !slices.ContainsFunc(set, func(label string) bool { return !slices.Contains(has, label) })
	})
}

// all says that every event is selected.
func (s *Selector) all() bool { return len(s.patterns) == 0 && len(s.labels) == 0 }
