package alert

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/agent/policyset"
	"kubearmor.io/api/event"
	"kubearmor.io/policy"
	"kubearmor.io/policy/syscalls"
)

func profile() *policy.Profile {
	return &policy.Profile{Policies: []policy.ProfilePolicy{
		{Ref: policy.Ref{Name: "first"}, Rules: []policy.ProfileRule{
			{Rule: policy.Rule{Field: "spec.file.matchPaths[0]", Severity: 7, Tags: []string{"PCI", "NIST"}, Message: "hands off"}},
			{Rule: policy.Rule{Field: "spec.process.matchPaths[1]"}, LinkPath: "/bin/sh", LinkName: "sh"},
		}},
		{Ref: policy.Ref{Name: "second"}},
		{Ref: policy.Ref{Name: "third"}},
	}}
}

func byRule(rule int, r policy.Report) policy.Decision {
	return policy.Decision{Report: r, Reason: policy.ReasonRule, Policy: 0, Rule: rule}
}

// told is the part of an alert that says what happened; the rest is who and when.
type told struct {
	Operation, Resource, Data, Action, Result string
	Policy, Severity, Tags, Message           string
	EventData                                 map[string]string
}

func TestWhatAnAlertSays(t *testing.T) {
	posture := policy.Decision{Report: policy.ReportBlock, Reason: policy.ReasonPosture, Policy: 0, Rule: -1}
	several := posture
	several.Others = []int{1, 2}
	const denied, notPermitted = "Permission denied", "Operation not permitted"
	rule0 := map[string]string{"rule": "spec.file.matchPaths[0]"}
	for name, c := range map[string]struct {
		e    enforcer.Event
		want told
	}{
		"a denied read, by a rule with everything": {
			enforcer.Event{Category: policy.File, Resource: "/etc/shadow", Read: true, Decision: byRule(0, policy.ReportBlock)},
			told{"File", "/etc/shadow", "access=read", "Block", denied, "first", "7", "PCI,NIST", "hands off", rule0},
		},
		"an audited write": {
			enforcer.Event{Category: policy.File, Resource: "/x", Write: true, Decision: byRule(0, policy.ReportAudit)},
			told{"File", "/x", "access=write", "Audit", "Passed", "first", "7", "PCI,NIST", "hands off", rule0},
		},
		"what a policy in mode Audit would have denied": {
			enforcer.Event{Category: policy.File, Resource: "/x", Read: true, Write: true, Decision: byRule(0, policy.ReportAuditBlock)},
			told{"File", "/x", "access=read,write", "Audit (Block)", "Passed", "first", "7", "PCI,NIST", "hands off", rule0},
		},
		"a program that a rule names by a link": {
			enforcer.Event{Category: policy.Process, Resource: "/bin/busybox", Decision: byRule(1, policy.ReportBlock)},
			told{"Process", "/bin/busybox", "", "Block", denied, "first", "", "", "",
				map[string]string{"rule": "spec.process.matchPaths[1]", "link": "/bin/sh"}},
		},
		"a file without a name": {
			enforcer.Event{Category: policy.File, Resource: "/gone", Read: true, Unnamed: true, Decision: posture},
			told{"File", "/gone", "access=read", "Block", denied, "first", "", "", "",
				map[string]string{"reason": "DefaultPosture", "unnamed": "true"}},
		},
		"the posture of one allow-list": {
			enforcer.Event{Category: policy.Process, Resource: "/bin/x", Decision: posture},
			told{"Process", "/bin/x", "", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"the posture of several allow-lists": {
			enforcer.Event{Category: policy.Process, Resource: "/bin/x", Decision: several},
			told{"Process", "/bin/x", "", "Block", denied, "first", "", "", "",
				map[string]string{"reason": "DefaultPosture", "policies": "first,second,third"}},
		},
		"a raw socket": {
			enforcer.Event{Category: policy.Network, Family: 2, SocketType: 3, Protocol: 1, Decision: posture},
			told{"Network", "family=AF_INET type=SOCK_RAW protocol=icmp", "", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a socket whose protocol is its type's": {
			enforcer.Event{Category: policy.Network, Family: 10, SocketType: 1, Decision: posture},
			told{"Network", "family=AF_INET6 type=SOCK_STREAM protocol=tcp", "", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a socket that has no names": {
			enforcer.Event{Category: policy.Network, Family: 99, SocketType: 9, Protocol: 5, Decision: posture},
			told{"Network", "family=99 type=9 protocol=5", "", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a connection": {
			enforcer.Event{Category: policy.Network, Use: enforcer.Connect, Address: netip.MustParseAddrPort("10.1.2.3:443"), Family: 10, SocketType: 1, Protocol: 6, Decision: byRule(0, policy.ReportBlock)},
			told{"Network", "remoteip=10.1.2.3 port=443 protocol=tcp", "direction=egress operation=connect family=AF_INET6 type=SOCK_STREAM", "Block", denied, "first", "7", "PCI,NIST", "hands off", rule0},
		},
		"a datagram of UDP-Lite": {
			enforcer.Event{Category: policy.Network, Use: enforcer.Send, Address: netip.MustParseAddrPort("[2001:db8::1]:53"), Family: 10, SocketType: 2, Protocol: 136, Decision: posture},
			told{"Network", "remoteip=2001:db8::1 port=53 protocol=udp", "direction=egress operation=send family=AF_INET6 type=SOCK_DGRAM", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a server's address": {
			enforcer.Event{Category: policy.Network, Use: enforcer.Bind, Address: netip.MustParseAddrPort("0.0.0.0:80"), Family: 2, SocketType: 1, Protocol: 6, Decision: posture},
			told{"Network", "localip=0.0.0.0 port=80 protocol=tcp", "direction=ingress operation=bind family=AF_INET type=SOCK_STREAM", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a use of a socket that has no address": {
			enforcer.Event{Category: policy.Network, Use: enforcer.Connect, Family: 40, SocketType: 1, Decision: posture},
			told{"Network", "protocol=0", "direction=egress operation=connect family=AF_VSOCK type=SOCK_STREAM", "Block", denied, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a capability, which is another error": {
			enforcer.Event{Category: policy.Capabilities, Capability: 13, Decision: posture},
			told{"Capabilities", "CAP_NET_RAW", "", "Block", notPermitted, "first", "", "", "", map[string]string{"reason": "DefaultPosture"}},
		},
		"a system call": {
			enforcer.Event{Category: policy.Syscalls, Resource: "ptrace", Decision: byRule(0, policy.ReportAudit)},
			told{"Syscall", "ptrace", "syscall=SYS_PTRACE", "Audit", "Passed", "first", "7", "PCI,NIST", "hands off", rule0},
		},
		"a system call by a way of 32-bit programs": {
			enforcer.Event{Category: policy.Syscalls, Resource: "connect", Way: syscalls.Sockets, Decision: byRule(0, policy.ReportAudit)},
			told{"Syscall", "connect", "syscall=SYS_CONNECT convention=i386", "Audit", "Passed", "first", "7", "PCI,NIST", "hands off", rule0},
		},
		"an audited capability passes": {
			enforcer.Event{Category: policy.Capabilities, Capability: 13, Decision: byRule(0, policy.ReportAudit)},
			told{"Capabilities", "CAP_NET_RAW", "", "Audit", "Passed", "first", "7", "PCI,NIST", "hands off", rule0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.e.Profile = profile()
			a := Of(c.e, policyset.Identity{}, "h", "BPFLSM")
			got := told{a.Operation, a.Resource, a.Data, a.Action, a.Result, a.PolicyName, a.Severity, a.Tags, a.Message, a.EventData}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if strings.Join(a.ATags, ",") != a.Tags {
				t.Errorf("ATags %q, Tags %q", a.ATags, a.Tags)
			}
		})
	}
}

func TestWhoAndWhen(t *testing.T) {
	e := enforcer.Event{
		Time: time.Unix(1700000000, 5e6), Profile: profile(), Decision: byRule(0, policy.ReportBlock), Category: policy.File, Resource: "/x", Read: true,
		Process: enforcer.Process{HostPID: 100, PID: 2, Name: "sh", Program: "/bin/busybox"},
		Parent:  enforcer.Process{HostPID: 99, PID: 1, Name: "init"},
		UID:     1000,
	}
	who := policyset.Identity{Name: "c", Namespace: "n", Labels: map[string]string{"b": "2", "a": "1"}}
	want := event.Alert{
		Timestamp: 1700000000, UpdatedTime: "2023-11-14T22:13:20.005Z",
		HostName: "h", NamespaceName: "n", ContainerName: "c", Labels: "a=1,b=2",
		HostPID: 100, PID: 2, HostPPID: 99, PPID: 1, UID: 1000,
		ProcessName: "/bin/busybox", Source: "/bin/busybox", ParentProcessName: "init", // no path is known
		PolicyName: "first", Severity: "7", Tags: "PCI,NIST", ATags: []string{"PCI", "NIST"}, Message: "hands off",
		Type: "MatchedPolicy", Operation: "File", Resource: "/x", Data: "access=read", Action: "Block", Result: "Permission denied",
		Enforcer: "BPFLSM", EventData: map[string]string{"rule": "spec.file.matchPaths[0]"},
	}
	if diff := cmp.Diff(want, Of(e, who, "h", "BPFLSM")); diff != "" {
		t.Error(diff)
	}
}

func TestAParentOutsideTheContainerHasNoNumberInIt(t *testing.T) {
	e := enforcer.Event{Profile: profile(), Decision: byRule(0, policy.ReportBlock), Process: enforcer.Process{HostPID: 100, PID: 7}, Parent: enforcer.Process{HostPID: 90, PID: 90}}
	if a := Of(e, policyset.Identity{}, "h", "BPFLSM"); a.PPID != 0 || a.HostPPID != 90 {
		t.Errorf("PPID %d, HostPPID %d; want 0 and 90", a.PPID, a.HostPPID)
	}
	e.Process.PID = 100 // a container in the host's pid namespace
	if a := Of(e, policyset.Identity{}, "h", "BPFLSM"); a.PPID != 90 {
		t.Errorf("PPID %d, want 90", a.PPID)
	}
}

// hostile is what a container can call a file: an event of its own, in part.
const hostile = "/tmp/x\nAction: Audit\n== Alert / 2026\x1b[2J\xff\"}\n{\"Action\":\"Audit\"}\x00"

func TestAHostileNameForgesNoEvent(t *testing.T) {
	e := enforcer.Event{Profile: profile(), Category: policy.File, Resource: hostile, Read: true, Decision: byRule(0, policy.ReportBlock)}
	e.Process.Name = hostile
	for _, text := range []bool{false, true} {
		var out strings.Builder
		w, err := Create("-", &out, text)
		if err != nil {
			t.Fatal(err)
		}
		a := Of(e, policyset.Identity{Name: "c"}, "h", "BPFLSM")
		if err := w.Write(a); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\x00") || strings.Contains(out.String(), "\nAction: Audit") {
			t.Errorf("the name stands as it is in %q", out.String())
		}
		if text {
			continue
		}
		var back event.Alert
		if err := json.Unmarshal([]byte(out.String()), &back); err != nil {
			t.Fatal(err)
		}
		if strings.Count(out.String(), "\n") != 1 || back.Action != "Block" || back.Resource != strings.ReplaceAll(hostile, "\xff", "\ufffd") {
			t.Errorf("%q", out.String())
		}
	}
}

func TestAFileIsAppendedTo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "events")
	for _, resource := range []string{"/first", "/second"} {
		w, err := Create(name, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(event.Alert{Resource: resource}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != 2 || !json.Valid([]byte(lines[0])) || !strings.Contains(lines[1], `"/second"`) {
		t.Errorf("%q", data)
	}
}

func TestAFileThatCannotBeOpenedIsNamed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "none", "events")
	if _, err := Create(name, nil, false); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("error %v", err)
	}
}

func TestArgumentsAreReadUnambiguously(t *testing.T) {
	for want, args := range map[string][]string{
		`sh -c "echo x"`:            {"sh", "-c", "echo x"},
		`sh "" "\"" "\\"`:           {"sh", "", `"`, `\`},
		`"a\nb" "\x1b[31m"`:         {"a\nb", "\x1b[31m"},
		`"\xff" --größe=1 "\u00a0"`: {"\xff", "--größe=1", "\u00a0"},
	} {
		if got := quoted(args); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}
