//go:build guest

package policies

import (
	"context"
	"slices"
	"strings"

	"kubearmor.io/api/event"
)

// events returns what has been reported since the last call: "policy: Operation
// Resource", with the action where it isn't Block. None of them can be on its way.
func (p *pod) events() []string {
	p.t.Helper()
	return linesOf(p.alerts())
}

func linesOf(events []event.Alert) []string {
	var lines []string
	for _, e := range events {
		lines = append(lines, lineOf(e))
	}
	return lines
}

func lineOf(e event.Alert) string {
	line := e.PolicyName + ": " + e.Operation + " " + e.Resource
	if e.Action != event.ActionBlock {
		line += " " + e.Action
	}
	return line
}

func (p *pod) alerts() []event.Alert {
	p.t.Helper()
	if p.agent == nil {
		return nil
	}
	mark := p.agent.Events.Mark()
	if p.Running() {
		p.exec(fenceProgram)
		_, err := p.agent.Events.Await(context.Background(), limit, mark, "the fence's", isFence)
		if err != nil {
			p.t.Error(err)
		}
	}
	events := slices.DeleteFunc(p.agent.Events.Since(p.mark), isFence)
	p.mark = p.agent.Events.Mark()
	return events
}

func isFence(e event.Alert) bool { return e.Resource == fenceProgram }

// reports demands that just these events have come, in whatever order and number.
func (p *pod) reports(want ...string) {
	p.t.Helper()
	alerts := p.alerts()
	got := linesOf(alerts)
	slices.Sort(got)
	got = slices.Compact(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.t.Errorf("events are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		for _, e := range alerts {
			if !slices.Contains(want, lineOf(e)) {
				p.t.Logf("not wanted:\n%s", e.Text())
			}
		}
	}
}

// awaits demands an event that comes, of a container that has ended and runs no fence.
func (p *pod) awaits(want string) {
	p.t.Helper()
	_, err := p.agent.Events.Await(p.t.Context(), limit, 0, want, func(e event.Alert) bool { return lineOf(e) == want })
	if err != nil {
		p.t.Error(err)
		for _, e := range p.agent.Events.Since(0) {
			p.t.Log(lineOf(e))
		}
	}
}
