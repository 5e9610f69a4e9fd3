package stream

import (
	"strings"
	"testing"

	"kubearmor.io/api/feeder"
)

func TestWhatARequestSelects(t *testing.T) {
	event := &feeder.Alert{
		NamespaceName: "shop", Operation: "File", Type: "MatchedPolicy", ContainerName: "nginx", PodName: "web-5d",
		Resource: "/etc/shadow", Source: "/usr/bin/cat", Labels: "app=web,tier=front",
	}
	for name, c := range map[string]struct {
		request *feeder.RequestMessage
		want    bool
	}{
		"nothing selects everything":            {&feeder.RequestMessage{}, true},
		"a namespace":                           {&feeder.RequestMessage{NamespaceName: "shop"}, true},
		"another namespace":                     {&feeder.RequestMessage{NamespaceName: "^sho$"}, false},
		"an operation":                          {&feeder.RequestMessage{Operation: "File|Process"}, true},
		"another operation":                     {&feeder.RequestMessage{Operation: "Network"}, false},
		"a type":                                {&feeder.RequestMessage{Type: "MatchedPolicy"}, true},
		"another type":                          {&feeder.RequestMessage{Type: "HostLog"}, false},
		"a container":                           {&feeder.RequestMessage{ContainerName: "nginx"}, true},
		"another container":                     {&feeder.RequestMessage{ContainerName: "redis"}, false},
		"a pod by the start of its name":        {&feeder.RequestMessage{PodName: "^web-"}, true},
		"another pod":                           {&feeder.RequestMessage{PodName: "^db-"}, false},
		"a part of the resource":                {&feeder.RequestMessage{Resource: "/etc/"}, true},
		"another resource":                      {&feeder.RequestMessage{Resource: "/var/"}, false},
		"a part of the source":                  {&feeder.RequestMessage{Source: "cat$"}, true},
		"another source":                        {&feeder.RequestMessage{Source: "/bin/sh"}, false},
		"all fields have to match":              {&feeder.RequestMessage{Source: "cat$", Resource: "/var/"}, false},
		"a label":                               {&feeder.RequestMessage{Labels: []string{"tier=front"}}, true},
		"all labels of a set":                   {&feeder.RequestMessage{Labels: []string{"tier=front,app=web"}}, true},
		"not all labels of a set":               {&feeder.RequestMessage{Labels: []string{"tier=front,app=db"}}, false},
		"one of two sets":                       {&feeder.RequestMessage{Labels: []string{"app=db", "tier=front"}}, true},
		"a part of a label's value is no label": {&feeder.RequestMessage{Labels: []string{"tier=fro"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSelector(c.request)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Matches(event); got != c.want {
				t.Errorf("selected: %v", got)
			}
		})
	}
}

func TestRequestsThatMakeNoSenseAreRefused(t *testing.T) {
	for want, request := range map[string]*feeder.RequestMessage{
		`filter "alerts": it is all, policy or system`: {Filter: "alerts"},
		"the pattern for the pod: ":                    {PodName: "("},
		"the pattern for the source has 257 bytes":     {Source: strings.Repeat("a", 257)},
		`labels "app": write them as name=value,...`:   {Labels: []string{"app"}},
		`labels "a=b,": write them`:                    {Labels: []string{"a=b,"}},
		"33 sets of labels: 32 are the most":           {Labels: make([]string, 33)},
	} {
		if _, err := NewSelector(request); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", request, err, want)
		}
	}
}
