package bpflsm

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kubearmor.io/agent/enforcer"
	"kubearmor.io/policy"
)

// toldUse is what an event says of an operation on an address.
type toldUse struct {
	Use     enforcer.Use
	Address string
	Report  policy.Report
	Rule    string // its field; a posture has none
}

type networkCase struct {
	name   string
	rules  string // of matchEndpoints
	task   string // see network
	denied bool
	event  *toldUse
}

// Where the test listens, by TCP and UDP, on all addresses.
const listening = 7011

const (
	tcp4, udp4, ping4, raw4 = "2 1 0", "2 2 0", "2 2 1", "2 3 1"
	tcp6, udp6              = "10 1 0", "10 2 0"
	mptcp4, udplite4        = "2 1 262", "2 2 136"
)

func networkCases() []networkCase {
	const rule = "spec.network.matchEndpoints[0]"
	at := func(address string) string { return fmt.Sprintf("%s:%d", address, listening) }
	v4, v6, mapped := at("127.0.0.1"), at("[::1]"), at("[::ffff:127.0.0.1]")
	blockV4 := fmt.Sprintf("{cidr: 127.0.0.1, ports: [%d]}", listening)
	blockV6 := fmt.Sprintf(`{cidr: "::1", ports: [%d]}`, listening)
	event := func(use enforcer.Use, address string) *toldUse {
		return &toldUse{use, address, policy.ReportBlock, rule}
	}
	in := func(rest string) string { return "{direction: ingress, " + rest + "}" }
	allow := func(rest string) string { return "{action: Allow, " + rest + "}" }
	var cases []networkCase
	for _, c := range []struct {
		how, use    string
		socket      string
		rule        string
		given, told string
	}{
		{"connecting by TCP", "connect", tcp4, blockV4, v4, v4},
		{"connecting by UDP", "connect", udp4, blockV4, v4, v4},
		{"connecting by TCP over IPv6", "connect", tcp6, blockV6, v6, v6},
		{"connecting by TCP over mapped IPv6", "connect", tcp6, blockV4, mapped, v4},
		{"connecting by UDP over mapped IPv6", "connect", udp6, blockV4, mapped, v4},
		{"connecting an IPv6 UDP socket to an IPv4 address", "connect", udp6, blockV4, v4, v4},
		{"connecting by MPTCP", "connect", mptcp4, blockV4, v4, v4},
		{"connecting by fast open", "fastopen-connect", tcp4, blockV4, v4, v4},
		{"sending with fast open", "fastopen", tcp4, blockV4, v4, v4},
		{"sending with fast open over mapped IPv6", "fastopen", tcp6, blockV4, mapped, v4},
		{"sending by UDP", "send", udp4, blockV4, v4, v4},
		{"sending by UDP-Lite", "send", udplite4, blockV4, v4, v4},
		{"sending by UDP over mapped IPv6", "send", udp6, blockV4, mapped, v4},
		{"sending by UDP over IPv6", "send", udp6, blockV6, v6, v6},
		{"sending a message by UDP", "sendmsg", udp4, blockV4, v4, v4},
		{"sending two messages by UDP", "sendmmsg", udp4, blockV4, v4, v4},
		{"sending by a raw socket", "send", raw4, "{cidr: 127.0.0.1}", v4, "127.0.0.1:0"},
		{"connecting to any address", "connect", tcp4, blockV4, at("0.0.0.0"), at("0.0.0.0")},
		{"connecting to any IPv6 address", "connect", tcp6, blockV6, at("[::]"), at("[::]")},
	} {
		use := enforcer.Connect
		if strings.HasPrefix(c.use, "send") || c.use == "fastopen" {
			use = enforcer.Send
		}
		task := c.use + " " + c.socket + " " + c.given
		cases = append(cases,
			networkCase{c.how, c.rule, task, true, event(use, c.told)},
			networkCase{c.how + ", audited", strings.Replace(c.rule, "}", ", action: Audit}", 1), task, false, &toldUse{use, c.told, policy.ReportAudit, rule}},
			networkCase{c.how + ", beside another rule", "{cidr: 192.0.2.0/24}", task, false, nil})
	}
	cases = append(cases,
		networkCase{"the unspecified family in a UDP message", blockV4, "send " + udp4 + " " + v4 + " 0", true, event(enforcer.Send, v4)},
		networkCase{"the unspecified family in a raw message", "{cidr: 127.0.0.1}", "send " + raw4 + " " + v4 + " 0", true, event(enforcer.Send, "127.0.0.1:0")},
		networkCase{"disconnecting", fmt.Sprintf("{ports: [%d]}", listening+1), "disconnect " + udp4 + " " + v4, false, nil},
		networkCase{"an address on a connected stream", "{cidr: 127.0.0.9}", "connected-send " + tcp4 + " " + v4, false, nil},
		networkCase{"another port", fmt.Sprintf("{ports: [1-%d]}", listening-1), "connect " + tcp4 + " " + v4, false, nil},
		networkCase{"another protocol", "{protocol: udp}", "connect " + tcp4 + " " + v4, false, nil},
		networkCase{"another direction", in("cidr: 127.0.0.1"), "connect " + tcp4 + " " + v4, false, nil},
		networkCase{"what is on the list", allow("cidr: 127.0.0.0/8, protocol: tcp"), "connect " + tcp4 + " " + v4, false, nil},
		networkCase{"what is not on the list", allow("cidr: 10.0.0.0/8"), "connect " + tcp4 + " " + v4, true, &toldUse{enforcer.Connect, v4, policy.ReportBlock, ""}},
		networkCase{"a bind beside a list", allow("cidr: 127.0.0.1"), "bind " + tcp4 + " 127.0.0.1:7020", true, &toldUse{enforcer.Bind, "127.0.0.1:7020", policy.ReportBlock, ""}},

		networkCase{"binding", in("ports: [7020]"), "bind " + tcp4 + " 127.0.0.1:7020", true, event(enforcer.Bind, "127.0.0.1:7020")},
		networkCase{"binding, audited", in("ports: [7020], action: Audit"), "bind " + tcp4 + " 127.0.0.1:7020", false, &toldUse{enforcer.Bind, "127.0.0.1:7020", policy.ReportAudit, rule}},
		networkCase{"binding a UDP socket over IPv6", in(`cidr: "::1"`), "bind " + udp6 + " [::1]:7020", true, event(enforcer.Bind, "[::1]:7020")},
		networkCase{"binding to a mapped address", in("cidr: 127.0.0.1"), "bind " + tcp6 + " [::ffff:127.0.0.1]:7020", true, event(enforcer.Bind, "127.0.0.1:7020")},
		networkCase{"binding with the unspecified family", in("ports: [7020]"), "bind " + tcp4 + " 0.0.0.0:7020 0", true, event(enforcer.Bind, "0.0.0.0:7020")},
		networkCase{"binding to any IPv6 address takes IPv4", in("cidr: 0.0.0.0/0"), "bind " + tcp6 + " [::]:7020", true, event(enforcer.Bind, "[::]:7020")},
		networkCase{"binding beside another rule", in("ports: [7021]"), "bind " + tcp4 + " 127.0.0.1:7020", false, nil},
		networkCase{"listening without binding", in("cidr: 0.0.0.0/0"), "listen " + tcp4 + " 0.0.0.0:0", true, event(enforcer.Listen, "0.0.0.0:0")},
		networkCase{"listening without binding, by IPv6", in("cidr: 0.0.0.0/0"), "listen " + tcp6 + " [::]:0", true, event(enforcer.Listen, "[::]:0")},
		networkCase{"accepting", in("ports: [7021]"), "accept " + tcp4 + " 127.0.0.1:7022", false, nil},
		networkCase{"accepting, audited", in("ports: [7023], action: Audit"), "accept " + tcp4 + " 127.0.0.1:7023", false, &toldUse{enforcer.Bind, "127.0.0.1:7023", policy.ReportAudit, rule}},
	)
	return cases
}

func TestEndpointRulesInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	g.read(t)
	answer(t, listening)
	answer(t, listening^1)
	b := g.box(t, "network", "network: {matchProtocols: [{protocol: sctp}]}")
	ask := b.serve(t)
	seen := 0
	for _, c := range networkCases() {
		t.Run(c.name, func(t *testing.T) {
			b.apply(t, "network: {matchEndpoints: ["+c.rules+"]}")
			got := ask(c.task)
			if strings.Contains(got, "protocol not supported") {
				t.Skip("this kernel has no such protocol: ", c.task) // UDP-Lite is gone from 7.x
			}
			if denied := strings.Contains(got, "permission denied"); denied != c.denied || !denied && got != "ok" {
				t.Errorf("%s: %s, want denied %t", c.task, got, c.denied)
			}
			events := g.of(t, "network")
			var told []toldUse
			for _, e := range events[seen:] {
				told = append(told, tellUse(e))
			}
			seen = len(events)
			if c.event == nil && len(told) == 0 {
				return
			}
			if len(told) == 0 {
				t.Fatal("it gave no event")
			}
			if c.event == nil || !cmp.Equal(*c.event, told[0]) {
				t.Errorf("events %+v, want %+v", told, c.event)
			}
		})
	}
	t.Run("accepting under a rule that came later", func(t *testing.T) { acceptLater(t, g, b) })
}

// serve starts a program of the container's that uses sockets as it is asked to, so that not
// every case has to start one.
func (b *box) serve(t *testing.T) (ask func(task string) string) {
	t.Helper()
	dir, err := b.group.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := program("helper: network-server")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	answers := bufio.NewScanner(out)
	return func(task string) string {
		if _, err := fmt.Fprintln(in, task); err != nil || !answers.Scan() {
			return fmt.Sprintf("no answer: %v, %v", err, answers.Err())
		}
		return answers.Text()
	}
}

func tellUse(e enforcer.Event) toldUse {
	w := toldUse{Use: e.Use, Address: e.Address.String(), Report: e.Decision.Report}
	if e.Decision.Rule >= 0 {
		w.Rule = e.Profile.At(policy.RuleRef{Policy: e.Decision.Policy, Rule: e.Decision.Rule}).Field
	}
	return w
}

// acceptLater blocks a port on which a container listens already.
func acceptLater(t *testing.T, g *guest, b *box) {
	b.apply(t, "network: {matchEndpoints: [{direction: ingress, ports: [1]}]}")
	furnish(t, "/var/tmp/rules")
	done := make(chan result)
	go func() { done <- b.run(t, "helper: accept-when-told 127.0.0.1:7030") }()
	for end := time.Now().Add(time.Minute); !exists(listeningFile); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not listen")
		}
	}
	b.apply(t, "network: {matchEndpoints: [{direction: ingress, ports: [7030]}]}")
	before := len(g.of(t, "network"))
	c, err := net.Dial("tcp", "127.0.0.1:7030")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := os.WriteFile(acceptFile, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-done; !strings.Contains(got.output, "permission denied") {
		t.Errorf("it accepted: %+v", got)
	}
	events := g.of(t, "network")[before:]
	want := toldUse{enforcer.Accept, "127.0.0.1:7030", policy.ReportBlock, "spec.network.matchEndpoints[0]"}
	if len(events) != 1 || tellUse(events[0]) != want {
		t.Errorf("events %+v, want %+v", events, want)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// answer listens on a port by TCP and UDP until the test ends.
func answer(t *testing.T, port uint16) {
	t.Helper()
	at := netip.AddrPortFrom(netip.IPv6Unspecified(), port)
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
}
