package feeder_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/policyservice"
)

// clients are compiled with these names and numbers: none of them may change, ever.
const protocol = `
feeder.NonceMessage: nonce=1 int32
feeder.ReplyMessage: Retval=1 int32
feeder.RequestMessage: Filter=1, NamespaceName=100, Operation=101, Type=102, ContainerName=103, PodName=104, Resource=105, Source=106,
  Labels=107 repeated
feeder.Message: Timestamp=1 int64, UpdatedTime=2, ClusterName=3, HostName=4, HostIP=5, Type=6, Level=7, Message=8, Sequence=100 uint64, Lost=101 uint64
feeder.Podowner: Ref=1, Name=2, Namespace=3
feeder.ExecEvent: ExecID=1, ExecutableName=2
feeder.Alert: Timestamp=1 int64, UpdatedTime=2, ClusterName=3, HostName=4, NamespaceName=5, PodName=6, ContainerID=7,
  ContainerName=8, HostPID=9 int32, PPID=10 int32, PID=11 int32, UID=12 int32, PolicyName=13, Severity=14, Tags=15,
  Message=16, Type=17, Source=18, Operation=19, Resource=20, Data=21, Action=22, Result=23, ContainerImage=24,
  ParentProcessName=25, ProcessName=26, HostPPID=27 int32, Enforcer=28, Labels=29, ATags=30 repeated, Owner=31 Podowner,
  Cwd=32, TTY=33, MaxAlertsPerSec=34 int32, DroppingAlertsInterval=35 int32, ExecEvent=36 ExecEvent, KubeArmorVersion=37,
  NodeID=38, ProcessHash=39, ParentHash=40, ResourceHash=41, HashAlgo=42, EventData=43 map<string,string>, UserName=44,
  Sequence=100 uint64, Lost=101 uint64
feeder.Log: Timestamp=1 int64, UpdatedTime=2, ClusterName=3, HostName=4, NamespaceName=5, PodName=6, ContainerID=7,
  ContainerName=8, HostPID=9 int32, PPID=10 int32, PID=11 int32, UID=12 int32, Type=13, Source=14, Operation=15,
  Resource=16, Data=17, Result=18, ContainerImage=19, ParentProcessName=20, ProcessName=21, HostPPID=22 int32, Labels=23,
  Owner=24 Podowner, Cwd=25, TTY=26, ExecEvent=27 ExecEvent, NodeID=28, ProcessHash=29, ParentHash=30, ResourceHash=31,
  HashAlgo=32, EventData=33 map<string,string>, UserName=34, Sequence=100 uint64, Lost=101 uint64
policy.policy: policy=1 bytes
policy.response: status=1 PolicyStatus
enum policy.PolicyStatus: Failure=0, Applied=1, Deleted=2, Modified=3, NotExist=4, Invalid=5, NotEnabled=6
service feeder.LogService: HealthCheck(NonceMessage) ReplyMessage, WatchMessages(RequestMessage) stream Message,
  WatchAlerts(RequestMessage) stream Alert, WatchLogs(RequestMessage) stream Log
service policy.PolicyService: containerPolicy(policy) response, hostPolicy(policy) response
`

func TestNamesAndNumbersAreThoseOfTheProtocol(t *testing.T) {
	want := map[string]string{}
	for _, line := range strings.Split(strings.ReplaceAll(strings.TrimSpace(protocol), ",\n  ", ", "), "\n") {
		name, content, _ := strings.Cut(line, ": ")
		want[name] = content
	}
	got := map[string]string{}
	for _, file := range []protoreflect.FileDescriptor{feeder.File_feeder_proto, policyservice.File_policy_proto} {
		if file.Syntax() != protoreflect.Proto3 {
			t.Errorf("%s is %s", file.Path(), file.Syntax())
		}
		describe(file, got)
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not in the table", name)
		}
	}
}

func describe(file protoreflect.FileDescriptor, into map[string]string) {
	for i := range file.Messages().Len() {
		m := file.Messages().Get(i)
		var fields []string
		for j := range m.Fields().Len() {
			f := m.Fields().Get(j)
			fields = append(fields, strings.TrimSpace(fmt.Sprintf("%s=%d %s", f.Name(), f.Number(), kind(f))))
		}
		into[string(m.FullName())] = strings.Join(fields, ", ")
	}
	for i := range file.Enums().Len() {
		e := file.Enums().Get(i)
		var values []string
		for j := range e.Values().Len() {
			values = append(values, fmt.Sprintf("%s=%d", e.Values().Get(j).Name(), e.Values().Get(j).Number()))
		}
		into["enum "+string(e.FullName())] = strings.Join(values, ", ")
	}
	for i := range file.Services().Len() {
		s := file.Services().Get(i)
		var methods []string
		for j := range s.Methods().Len() {
			m := s.Methods().Get(j)
			stream := ""
			if m.IsStreamingServer() {
				stream = "stream "
			}
			methods = append(methods, fmt.Sprintf("%s(%s) %s%s", m.Name(), m.Input().Name(), stream, m.Output().Name()))
		}
		into["service "+string(s.FullName())] = strings.Join(methods, ", ")
	}
}

func kind(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s,%s>", f.MapKey().Kind(), f.MapValue().Kind())
	case f.IsList():
		return "repeated"
	case f.Kind() == protoreflect.MessageKind:
		return string(f.Message().Name())
	case f.Kind() == protoreflect.EnumKind:
		return string(f.Enum().Name())
	case f.Kind() == protoreflect.StringKind:
		return ""
	}
	return f.Kind().String()
}
