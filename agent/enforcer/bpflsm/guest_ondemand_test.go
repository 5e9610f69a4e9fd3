package bpflsm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"kubearmor.io/agent/cgroup"
	"kubearmor.io/policy/image"
)

// programsOf returns the names of the programs of all links of the machine, sorted.
func programsOf(t *testing.T) []string {
	t.Helper()
	var names []string
	it := new(link.Iterator)
	defer it.Close()
	for it.Next() {
		info, err := it.Link.Info()
		if err != nil {
			continue // it has ended
		}
		p, err := ebpf.NewProgramFromID(info.Program)
		if err != nil {
			continue
		}
		about, err := p.Info()
		p.Close()
		if err == nil {
			names = append(names, about.Name)
		}
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// attached waits until those of the programs that watch system calls are attached, on all the machine.
func attached(t *testing.T, want []string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	var have []string
	await(t, fmt.Sprintf("%v to be attached", want), func() bool {
		have = slices.DeleteFunc(programsOf(t), func(name string) bool { return !slices.Contains(watchers(), name) })
		return slices.Equal(have, want)
	})
}

// blockedAddress is a rule about addresses, and the operation that it denies.
const (
	blockedAddress   = "network: {matchEndpoints: [{cidr: 127.0.0.9/32}]}"
	connectToBlocked = "connect " + udp4 + " 127.0.0.9:9"
)

// onDemandOf returns which programs on demand an enforcer has attached and pinned.
func onDemandOf(t *testing.T, e *Enforcer) []string {
	t.Helper()
	var names []string
	for _, name := range onDemand() {
		_, err := os.Stat(filepath.Join(keptHere.Pins, onlySet(t), "links", name))
		if have := e.asked[name] != nil; have != (err == nil) {
			t.Errorf("%s is attached: %t; its pin: %v", name, have, err)
		} else if have {
			names = append(names, name)
		}
	}
	return names
}

// addressesOutliveTheirAgent is a part of TestEnforcementOutlivesItsAgent. It sees which programs are
// attached, and that those judge.
func addressesOutliveTheirAgent(t *testing.T, group cgroup.Group) {
	var egress []string
	for _, g := range groups() {
		if g.flag == image.FlagEgress {
			egress = g.programs
		}
	}
	a := startAgent(t, group, "/var/tmp/rules/file", "network")
	a.says(t, "ready")
	a.kill()
	b := &box{nil, "kept", group}
	ask := b.serve(t)
	denied := func(want bool) {
		t.Helper()
		if got := ask(connectToBlocked); strings.Contains(got, "permission denied") != want || !want && got != "ok" {
			t.Errorf("connecting: %s; want it denied: %t", got, want)
		}
	}
	denied(true)
	e := loadKept(t)
	g := &guest{Enforcer: e}
	g.read(t)
	b.guest = g
	expect := func(want []string) {
		t.Helper()
		if got := onDemandOf(t, e); !slices.Equal(got, want) {
			t.Errorf("attached: %v, want %v", got, want)
		}
	}
	expect(egress)
	b.apply(t, "file: {matchPaths: [{path: /no/such}]}")
	denied(false)
	expect(egress) // they stay
	b.apply(t, blockedAddress)
	denied(true)
	b.apply(t, "capabilities: {matchCapabilities: [{capability: net_raw}]}")
	expect([]string{egress[0], egress[1], "check_capability"})
	b.apply(t, "network: {matchProtocols: [{protocol: sctp}]}") // sockets that come from elsewhere, too
	expect(onDemand()[len(watchers()):])
	b.apply(t, "file: {matchPaths: [{path: /no/such}]}")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = loadKept(t)
	g = &guest{Enforcer: e}
	g.read(t)
	b.guest = g
	expect(nil)
	denied(false)
	b.apply(t, blockedAddress)
	denied(true)
	expect(egress)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
