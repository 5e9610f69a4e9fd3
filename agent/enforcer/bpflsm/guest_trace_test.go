package bpflsm

import (
	"os"
	"strings"
	"testing"

	"kubearmor.io/policy"
)

// traceCases try to reach into another task. HELPER stands for the test binary, which tries.
func traceCases(pid string) map[string]ruleCase {
	granted := func(sources string) string {
		return "network: {matchProtocols: [{protocol: udp, action: Allow, fromSource: [" + sources + "]}]}"
	}
	const sleep = "{path: /usr/bin/sleep}"
	rule := []told{{"/usr/bin/sleep", policy.ReportBlock, policy.ReasonRule, "spec.network.matchProtocols[0]"}}
	cases := map[string]ruleCase{
		"ptrace where the caller is granted as much":          {granted(sleep + ", {path: HELPER}"), []string{"helper: reach attach /usr/bin/sleep"}, false, nil},
		"ptrace where the other is granted nothing":           {granted("{path: HELPER}"), []string{"helper: reach attach /usr/bin/sleep"}, false, nil},
		"ptrace where the caller is held back":                {"network: {matchProtocols: [{protocol: udp, fromSource: [{path: HELPER}]}]}", []string{"helper: reach attach /usr/bin/sleep"}, true, rule},
		"ptrace where both are held back":                     {"network: {matchProtocols: [{protocol: udp, fromSource: [{path: HELPER}, " + sleep + "]}]}", []string{"helper: reach attach /usr/bin/sleep"}, false, nil},
		"ptrace of a task outside":                            {"network: {matchProtocols: [{protocol: udp}]}", []string{"helper: reach-pid attach " + pid}, true, []told{{"", policy.ReportBlock, policy.ReasonOutside, ""}}},
		"the memory of a task outside":                        {"network: {matchProtocols: [{protocol: udp}]}", []string{"helper: reach-pid mem " + pid}, true, []told{{"", policy.ReportBlock, policy.ReasonOutside, ""}}},
		"ptrace of a task outside where nothing is denied":    {"network: {matchProtocols: [{protocol: udp, action: Audit}]}", []string{"helper: reach-pid attach " + pid}, false, nil},
		"what /proc shows of a task that is granted more":     {granted(sleep), []string{"helper: reach maps /usr/bin/sleep"}, false, nil},
		"executing what is granted more while ptraced":        {granted(sleep), []string{"helper: exec-traced /usr/bin/sleep"}, true, rule},
		"executing what is granted nothing while ptraced":     {granted("{path: /usr/bin/cat}"), []string{"helper: exec-traced /usr/bin/sleep"}, false, nil},
		"a library that is loaded into what is granted more":  {granted("{path: /usr/bin/true}"), []string{"sh", "-c", "test -z \"$(LD_SHOW_AUXV=1 /usr/bin/true)\""}, false, nil},
		"one that is loaded into what is granted nothing":     {granted(sleep), []string{"sh", "-c", "test -n \"$(LD_SHOW_AUXV=1 /usr/bin/true)\""}, false, nil},
		"one that is loaded into what is merely held back":    {"network: {matchProtocols: [{protocol: udp, fromSource: [{path: /usr/bin/true}]}]}", []string{"sh", "-c", "test -n \"$(LD_SHOW_AUXV=1 /usr/bin/true)\""}, false, nil},
		"ptrace of one's own child where no rule has sources": {"network: {matchProtocols: [{protocol: udp}]}", []string{"helper: reach attach /usr/bin/sleep"}, false, nil},
	}
	for _, how := range []string{"attach", "seize", "mem", "vm_writev", "getfd"} {
		cases[how+" where the other is granted more"] = ruleCase{granted(sleep), []string{"helper: reach " + how + " /usr/bin/sleep"}, true, rule}
	}
	return cases
}

// traces is part of TestSourcesInTheKernel: attaching the programs takes long.
func (g *guest) traces(t *testing.T, self, pid string) {
	for name, c := range traceCases(pid) {
		t.Run(name, func(t *testing.T) {
			var command []string
			for _, arg := range c.run {
				command = append(command, strings.ReplaceAll(arg, "HELPER", self))
			}
			got := g.box(t, name, strings.ReplaceAll(c.spec, "HELPER", self)).run(t, command...)
			if denied := got.exit != 0; denied != c.denied {
				t.Errorf("exit status %d, want denied %t\n%s", got.exit, c.denied, got.output)
			}
			if denied := strings.Contains(got.output, "permission denied") || strings.Contains(got.output, "not permitted"); c.denied && !denied {
				t.Errorf("it failed for another reason: %s", got.output)
			}
			var events []told
			for _, e := range g.of(t, name) {
				events = append(events, tell(e))
			}
			if len(events) > 0 && len(c.events) > 0 && c.events[0].Resource == "" {
				events[0].Resource = ""
			}
			if c.denied && (len(events) == 0 || events[0] != c.events[0]) || !c.denied && len(events) > 0 {
				t.Errorf("events %+v, want %+v", events, c.events)
			}
		})
	}
	if _, err := os.Stat("/proc/" + pid); err != nil {
		t.Errorf("the task outside has ended: %v", err)
	}
}
