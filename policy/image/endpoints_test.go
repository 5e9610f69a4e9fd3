package image

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"kubearmor.io/policy"
	"kubearmor.io/policy/socket"
)

func endpointRule(i int, action policy.Action, e policy.Endpoint) policy.Rule {
	return policy.Rule{Field: fmt.Sprintf("spec.network.matchEndpoints[%d]", i), Category: policy.Network,
		Match: policy.Matcher{Kind: policy.MatchEndpoint, Endpoint: &e}, Action: action}
}

func onePort(n uint16) []policy.PortRange { return []policy.PortRange{{First: n, Last: n}} }

func randomAddress(r *rand.Rand, v6 bool) netip.Addr {
	if !v6 {
		return netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
	}
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	b[0] = 0x20
	return netip.AddrFrom16(b)
}

func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

func networkProfile(t testing.TB, rules []policy.Rule) *policy.Profile {
	t.Helper()
	p, err := policy.NewProfile([]*policy.Policy{{Ref: policy.Ref{Namespace: "default", Name: "hosts"}, Rules: rules}}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTenThousandEndpointsFitAnImage: docs/limits.md says so.
func TestTenThousandEndpointsFitAnImage(t *testing.T) {
	ports := []uint16{22, 53, 80, 443, 3306, 5432, 6379, 8080, 9092, 27017}
	r := rand.New(rand.NewPCG(5, 6))
	v4 := func() netip.Addr { return randomAddress(r, false) }
	v6 := func() netip.Addr { return randomAddress(r, true) }
	anyPort := func(netip.Addr, int) []policy.PortRange { return nil }
	fewPorts := func(_ netip.Addr, i int) []policy.PortRange { return onePort(ports[i%len(ports)]) }
	randomPort := func(netip.Addr, int) []policy.PortRange { return onePort(uint16(1 + r.IntN(65535))) }
	for _, c := range []struct {
		name   string
		action policy.Action
		addr   func() netip.Addr
		ports  func(netip.Addr, int) []policy.PortRange
	}{
		{"blocked hosts", policy.Block, v4, anyPort},
		{"blocked hosts on a port of ten", policy.Block, v4, fewPorts},
		{"blocked hosts on random ports", policy.Block, v4, randomPort},
		{"allowed hosts on random ports", policy.Allow, v4, randomPort},
		{"allowed IPv6 hosts on random ports", policy.Allow, v6, randomPort},
		{"blocked IPv6 hosts on random ports", policy.Block, v6, randomPort},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rules []policy.Rule
			for i := range 10_000 {
				a := c.addr()
				rules = append(rules, endpointRule(i, c.action, policy.Endpoint{CIDR: host(a), Ports: c.ports(a, i), Protocol: policy.ProtoTCP}))
			}
			profile := networkProfile(t, rules)
			img, err := Compile(profile)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes", 4*len(img.Words))
			for i := range 200 {
				e := rules[i*37].Match.Endpoint
				port := uint16(443)
				if len(e.Ports) > 0 {
					port = e.Ports[0].First
				}
				for _, port := range []uint16{port, port + 1} {
					op := policy.Operation{Kind: policy.OpConnect, Family: socket.Inet, SockType: socket.Stream, Protocol: socket.TCP, Address: netip.AddrPortFrom(e.CIDR.Addr(), port)}
					if got, want := img.Outcomes[Evaluate(img.Words, &op)], policy.Decide(profile, &op); !SameOutcome(got, want) {
						t.Fatalf("%v: image %+v, evaluator %+v", op.Address, got, want)
					}
				}
			}
		})
	}
}

// TestEndpointsThatMultiplyAreRefusedByName: ports that hold anywhere, beside thousands of
// hosts with ports of their own.
func TestEndpointsThatMultiplyAreRefusedByName(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var rules []policy.Rule
	for i := range 1000 {
		rules = append(rules, endpointRule(i, policy.Block, policy.Endpoint{Ports: onePort(uint16(1 + r.IntN(65535)))}))
	}
	for i := range 9000 {
		rules = append(rules, endpointRule(1000+i, policy.Block, policy.Endpoint{CIDR: host(randomAddress(r, false)), Ports: onePort(uint16(1 + r.IntN(65535)))}))
	}
	_, err := Compile(networkProfile(t, rules))
	var refused *TooComplexError
	if !errors.As(err, &refused) || len(refused.Rules) == 0 || !strings.Contains(refused.Rules[0], "spec.network.matchEndpoints[") {
		t.Fatalf("%v, want it refused with the rules that cost most", err)
	}
	t.Log(err)
}

func TestWhatNoEndpointRuleIsAboutIsNotLookedAt(t *testing.T) {
	for name, c := range map[string]struct {
		rules []policy.Rule
		want  uint32
	}{
		"no network rule":     {nil, 0},
		"an egress block":     {[]policy.Rule{endpointRule(0, policy.Block, policy.Endpoint{CIDR: netip.MustParsePrefix("10.0.0.0/8")})}, FlagEgress},
		"an ingress audit":    {[]policy.Rule{endpointRule(0, policy.Audit, policy.Endpoint{Direction: policy.Ingress, Ports: onePort(80)})}, FlagIngress},
		"an egress allowance": {[]policy.Rule{endpointRule(0, policy.Allow, policy.Endpoint{Ports: onePort(80)})}, FlagEgress | FlagIngress | FlagNetwork},
	} {
		img, err := Compile(networkProfile(t, c.rules))
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Words[HeaderFlags] & (FlagEgress | FlagIngress | FlagNetwork); got != c.want {
			t.Errorf("%s: flags %b, want %b", name, got, c.want)
		}
	}
}

// TestUsesAreFreeOfWhichNoRuleDecides: the random tests see that none is free beyond that.
func TestUsesAreFreeOfWhichNoRuleDecides(t *testing.T) {
	tcp := []policy.Rule{{Field: "spec.network.matchProtocols[0]", Category: policy.Network, Action: policy.Allow,
		Match: policy.Matcher{Kind: policy.MatchProtocol, Protocol: policy.ProtoTCP}}}
	for name, c := range map[string]struct {
		rules            []policy.Rule
		direction, class int
		want             bool
	}{
		"tcp is allowed":                  {tcp, DirectionEgress, SocketTCP, true},
		"tcp is allowed, for servers too": {tcp, DirectionIngress, SocketTCP, true},
		"tcp is allowed, and not udp":     {tcp, DirectionEgress, SocketUDP, false},
		"an address is blocked":           {[]policy.Rule{endpointRule(0, policy.Block, policy.Endpoint{CIDR: netip.MustParsePrefix("10.0.0.0/8")})}, DirectionEgress, SocketTCP, false},
		"one to connect to is blocked":    {[]policy.Rule{endpointRule(0, policy.Block, policy.Endpoint{CIDR: netip.MustParsePrefix("10.0.0.0/8")})}, DirectionIngress, SocketTCP, true},
		"a port is audited":               {[]policy.Rule{endpointRule(0, policy.Audit, policy.Endpoint{Ports: onePort(80)})}, DirectionEgress, SocketUDP, false},
	} {
		img, err := Compile(networkProfile(t, c.rules))
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Words[HeaderFreeUses]>>(c.direction*SocketClasses+c.class)&1 != 0; got != c.want {
			t.Errorf("%s: free %t, want %t", name, got, c.want)
		}
	}
}

func TestPortsAreCutIntoPairsOfIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var ranges []policy.PortRange
		for range 1 + r.IntN(3) {
			a, b := uint16(r.Uint32()), uint16(r.Uint32())
			if r.IntN(2) == 0 {
				b = a + uint16(r.IntN(600))
			}
			ranges = append(ranges, policy.PortRange{First: min(a, b), Last: max(a, b)})
		}
		pairs := portIntervals(ranges)
		for port := range 1 << 16 {
			n := 0
			for _, p := range pairs {
				if hi, lo := byte(port>>8), byte(port); p[0].Lo <= hi && hi <= p[0].Hi && p[1].Lo <= lo && lo <= p[1].Hi {
					n++
				}
			}
			want := 0
			for _, r := range ranges {
				if int(r.First) <= port && port <= int(r.Last) {
					want = 1
				}
			}
			if n != want {
				t.Fatalf("%v: port %d is in %d of %v", ranges, port, n, pairs)
			}
		}
	}
}
