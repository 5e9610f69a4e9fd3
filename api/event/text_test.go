package event

import (
	"encoding/json"
	"strings"
	"testing"
)

func denial() Alert {
	return Alert{
		Timestamp: 1779682499, UpdatedTime: "2026-05-25T04:14:59.566130Z",
		ClusterName: "default", HostName: "node-1", NamespaceName: "kubearmor-demo", PodName: "web-app-5d", Labels: "app=web-app",
		ContainerName: "nginx", ContainerID: "abc", ContainerImage: "nginx:alpine",
		Owner: &Podowner{Ref: "Deployment", Name: "web-app", Namespace: "kubearmor-demo"},
		Type:  TypeMatchedPolicy, PolicyName: "web-app-hardened", Severity: "5", Tags: "a,b", ATags: []string{"a", "b c"}, Message: "no shells",
		Source: "/usr/sbin/nginx", Resource: "/bin/sh -c id", Operation: OperationProcess, Action: ActionBlock,
		Data: "syscall=SYS_EXECVE", EventData: map[string]string{DataRule: "spec.process.matchDirectories[0]", DataRepeats: "2"},
		Enforcer: EnforcerBPFLSM, Result: ResultPermissionDenied, HostPID: 12, PID: 7, PPID: 0, UID: 0,
	}
}

func TestTextOfEvents(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string
	}{
		{
			"an alert has its keys in the order that people know",
			denial().Text(),
			`== Alert / 2026-05-25 04:14:59.566130 ==
ClusterName: default
HostName: node-1
NamespaceName: kubearmor-demo
PodName: web-app-5d
Labels: app=web-app
ContainerName: nginx
ContainerID: abc
ContainerImage: nginx:alpine
Type: MatchedPolicy
PolicyName: web-app-hardened
Severity: 5
Message: no shells
Source: /usr/sbin/nginx
Resource: /bin/sh -c id
Operation: Process
Action: Block
Data: syscall=SYS_EXECVE
EventData: map[repeats:2 rule:"spec.process.matchDirectories[0]"]
Enforcer: BPFLSM
Result: Permission denied
ATags: [a "b c"]
HostPID: 12
Owner: map[Name:web-app Namespace:kubearmor-demo Ref:Deployment]
PID: 7
PPID: 0
Tags: a,b
UID: 0
`,
		},
		{
			"a log leaves out what is empty, and takes seconds where it has no finer time",
			Log{Timestamp: 1779682499, HostName: "h", Type: TypeHostLog, Result: ResultPassed, ExecEvent: &ExecEvent{}, UID: 1000}.Text(),
			"== Log / 2026-05-25 04:14:59.000000 ==\nHostName: h\nType: HostLog\nResult: Passed\nPPID: 0\nUID: 1000\n",
		},
		{
			"a message is a line, whatever it says",
			Message{UpdatedTime: "2026-05-25T04:14:59.5Z", HostName: "node-1", Level: "Warning", Message: "events\nwere lost"}.Text(),
			"2026-05-25 04:14:59.500000  node-1  [Warning]  events\\nwere lost\n",
		},
		{
			"a time zone is turned into UTC",
			Log{UpdatedTime: "2026-05-25T06:14:59.5+02:00"}.Text(),
			"== Log / 2026-05-25 04:14:59.500000 ==\nPPID: 0\nUID: 0\n",
		},
		{
			"a path can't forge a line, move the cursor or turn the text around",
			Log{Resource: "/tmp/a\nResult: Passed\x1b[2J\r\x9b\u202e\xff\\n\u2028é"}.Text(),
			"== Log / 1970-01-01 00:00:00.000000 ==\n" + `Resource: /tmp/a\nResult: Passed\x1b[2J\r\x9b\u202e\xff\\n\u2028é` + "\nPPID: 0\nUID: 0\n",
		},
		{
			"a value in a map can't pass for another key of it",
			Log{EventData: map[string]string{"a": "1 b:2", "k\n": "v]\n"}}.Text(),
			"== Log / 1970-01-01 00:00:00.000000 ==\n" + `EventData: map[a:"1 b:2" k\n:"v]\n"]` + "\nPPID: 0\nUID: 0\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", tt.text, tt.want)
			}
		})
	}
}

func TestJSONHasTheKeysOfTheProtocol(t *testing.T) {
	data, err := json.Marshal(denial())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"Timestamp":1779682499`, `"UpdatedTime":"2026-05-25T04:14:59.566130Z"`, `"Result":"Permission denied"`, `"UID":0`, `"PPID":0`,
		`"EventData":{"repeats":"2","rule":"spec.process.matchDirectories[0]"}`, `"ATags":["a","b c"]`,
		`"Owner":{"Ref":"Deployment","Name":"web-app","Namespace":"kubearmor-demo"}`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %s", data, want)
		}
	}
	for _, absent := range []string{"ExecEvent", "Cwd", "HostPPID"} {
		if strings.Contains(string(data), absent) {
			t.Errorf("%s has the empty %s", data, absent)
		}
	}
}

func TestFieldsAreThoseOfTheProtocol(t *testing.T) {
	alert := "Timestamp UpdatedTime ClusterName HostName NamespaceName PodName ContainerID ContainerName HostPID PPID PID UID PolicyName Severity Tags " +
		"Message Type Source Operation Resource Data Action Result ContainerImage ParentProcessName ProcessName HostPPID Enforcer Labels ATags Owner " +
		"Cwd TTY MaxAlertsPerSec DroppingAlertsInterval ExecEvent KubeArmorVersion NodeID ProcessHash ParentHash ResourceHash HashAlgo EventData UserName"
	log := "Timestamp UpdatedTime ClusterName HostName NamespaceName PodName ContainerID ContainerName HostPID PPID PID UID Type Source Operation " +
		"Resource Data Result ContainerImage ParentProcessName ProcessName HostPPID Labels Owner Cwd TTY ExecEvent NodeID ProcessHash ParentHash " +
		"ResourceHash HashAlgo EventData UserName"
	for _, tt := range []struct {
		name  string
		event any
		want  string
	}{{"Alert", Alert{}, alert}, {"Log", Log{}, log}} {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.Fields(tt.want)
			got := jsonKeys(tt.event)
			if len(got) != len(want) {
				t.Errorf("has %d keys, the protocol %d", len(got), len(want))
			}
			for _, key := range want {
				if !got[key] {
					t.Errorf("lacks %s", key)
				}
			}
		})
	}
}
