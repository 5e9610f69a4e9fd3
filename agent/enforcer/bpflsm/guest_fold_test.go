package bpflsm

import (
	"fmt"
	"testing"

	"kubearmor.io/agent/enforcer"
)

// TestRepeatsAreFoldedAndNoneGoesUncounted has one process do the same again and again, which
// must neither flood the buffer nor go untold.
func TestRepeatsAreFoldedAndNoneGoesUncounted(t *testing.T) {
	const times = 5000
	// Room for a few events: without folding most of them would be dropped.
	g := newGuest(t, Options{EventBytes: 8192})
	g.read(t)
	furnish(t, "/var/tmp/rules")
	b := g.box(t, "repeats", "file: {matchPaths: [{path: /var/tmp/rules/file}, {path: /var/tmp/rules/source}]}")
	if r := b.run(t, fmt.Sprintf("helper: open-often /var/tmp/rules/file %d", times)); r.exit != 0 {
		t.Fatal(r.output)
	}
	// Another process and another file are no repeats.
	for range 2 {
		if r := b.run(t, "helper: open-often /var/tmp/rules/source 1"); r.exit != 0 {
			t.Fatal(r.output)
		}
	}
	resources := map[string][]enforcer.Event{}
	for _, e := range g.of(t, "repeats") {
		resources[e.Resource] = append(resources[e.Resource], e)
	}
	many, others := resources["/var/tmp/rules/file"], resources["/var/tmp/rules/source"]
	if n := operations(many); n != times || len(many) > times/10 {
		t.Errorf("%d opens were told, by %d events: want %d, by few", n, len(many), times)
	}
	if len(others) != 2 || operations(others) != 2 || others[0].Process.HostPID == others[1].Process.HostPID {
		t.Errorf("events of two processes are %+v", others)
	}
	for _, e := range many {
		if e.Process.Program != many[0].Process.Program || e.Process.Program == "" || e.Cwd != many[0].Cwd || e.Cwd == "" {
			t.Errorf("a repeat says less than the first: %+v", e)
		}
	}
	n, err := g.Counters()
	if err != nil {
		t.Fatal(err)
	}
	if n.EventsDropped != 0 || n.EventsFolded == 0 || n.Unexplained != 0 {
		t.Errorf("counters are %+v", n)
	}
}
