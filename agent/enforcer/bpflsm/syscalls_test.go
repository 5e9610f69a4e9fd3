package bpflsm

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf/ringbuf"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/bpf"
	"kubearmor.io/policy"
	"kubearmor.io/policy/image"
	"kubearmor.io/policy/syscalls"
)

// TestRepeatsOfACallSayAsMuchAsTheFirst: a call's event has no resource in the kernel, and gets one here.
func TestRepeatsOfACallSayAsMuchAsTheFirst(t *testing.T) {
	profile, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Name: "p"}, Rules: []policy.Rule{{
		Field: "f", Category: policy.Syscalls, Action: policy.Audit, Match: policy.Matcher{Kind: policy.MatchSyscall, Syscalls: []string{"ptrace"}},
	}}}}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.Compile(profile)
	if err != nil {
		t.Fatal(err)
	}
	const row = image.SyscallI386 + 26
	e := &Enforcer{profiles: newProfiles()}
	e.profiles.add(&installed{id: 7, profile: profile, image: img})
	e.profiles.addContainer(3, "c")
	sample := encode(t, bpf.EnforcerEvent{
		Profile: 7, Container: 3, Kind: uint8(bpf.EnforcerEventKindEVENT_SYSCALL), Number: row,
		Outcome: image.Interpret{Words: img.Words}.Syscall(row, image.Caller{}),
	}, texts{source: "/bin/tracer"})
	f := newFolding()
	var told []enforcer.Event
	if err := e.handSample(f, &ringbuf.Record{RawSample: sample}, func(ev enforcer.Event) { told = append(told, ev) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Category != policy.Syscalls || told[0].Resource != "ptrace" || told[0].Way != syscalls.I386 || told[0].Decision.Report != policy.ReportAudit {
		t.Fatalf("told %+v", told)
	}
	var key bpf.EnforcerFoldKey
	if _, err := binary.Decode(append(sample[:sameBytes:sameBytes], make([]byte, 8*len(key.Name))...), binary.LittleEndian, &key); err != nil {
		t.Fatal(err)
	}
	if ev, ok := f.find(&key); !ok || ev.Process.Program != "/bin/tracer" || ev.Resource != "ptrace" {
		t.Errorf("a repeat is told as %+v, %t", ev, ok)
	}
	if ev, ok := e.explainKey(&key); !ok || ev.Resource != "ptrace" || ev.Way != syscalls.I386 {
		t.Errorf("a repeat of an event that is lost is told as %+v, %t", ev, ok)
	}
}
