package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubearmor.io/api/security/v1"
)

const networkField = "spec.network"

func (v *validator) network(s *v1.NetworkRules, above v1.Attributes) {
	if s == nil {
		return
	}
	v.attributes(networkField, s.Attributes, allActions)
	above = inherit(s.Attributes, above)
	for i, r := range s.MatchProtocols {
		field := indexField(networkField+".matchProtocols", i)
		v.networkRule(field, v.protocol(field, r.Protocol), r.Narrowing, r.Attributes, above)
	}
	for i, r := range s.MatchEndpoints {
		field := indexField(networkField+".matchEndpoints", i)
		v.networkRule(field, v.endpoint(field, r), r.Narrowing, r.Attributes, above)
	}
}

func (v *validator) networkRule(field string, m Matcher, n v1.Narrowing, own, above v1.Attributes) {
	v.attributes(field, own, allActions)
	v.add(Rule{Field: field, Category: Network, Match: m, PTS: n.PTS, FromSource: v.sources(field, n.FromSource)}, inherit(own, above))
}

func (v *validator) protocol(field, name string) Matcher {
	p := Protocol(strings.ToLower(name))
	switch {
	case name == "":
		v.fail(field, "has no protocol", "give one of "+joinProtocols(Protocols()))
	case !slices.Contains(Protocols(), p):
		v.fail(field+".protocol", fmt.Sprintf("%q is no protocol", name), oneOf(name, strings.Split(joinProtocols(Protocols()), ", ")...))
	}
	return Matcher{Kind: MatchProtocol, Protocol: p}
}

func joinProtocols(list []Protocol) string {
	all := make([]string, len(list))
	for i, p := range list {
		all[i] = string(p)
	}
	return strings.Join(all, ", ")
}

func (v *validator) endpoint(field string, r v1.EndpointRule) Matcher {
	e := &Endpoint{}
	switch {
	case r.FQDN != "":
		v.fail(field+".fqdn", "is not supported yet (NotSupported)", "give the addresses as cidr")
	case r.CIDR == "" && r.Ports == nil && r.Protocol == "" && r.Direction == "":
		v.fail(field, "says nothing about the endpoint", "give at least one of cidr, ports, protocol and direction")
	case r.CIDR != "":
		e.CIDR = v.cidr(field+".cidr", r.CIDR)
	}
	if r.Ports != nil && len(r.Ports) == 0 {
		v.fail(field+".ports", "is an empty list, which no port is in", "name a port, or remove the field")
	}
	v.most(field+".ports", len(r.Ports), MaxPorts, "use ranges, or split the rule")
	for i, p := range r.Ports {
		e.Ports = append(e.Ports, v.ports(indexField(field+".ports", i), p))
	}
	switch p := Protocol(strings.ToLower(r.Protocol)); p {
	case "", ProtoTCP, ProtoUDP, ProtoSCTP:
		e.Protocol = p
	case ProtoAll:
		v.fail(field+".protocol", "an endpoint has no protocol all", "remove it: without one, every protocol is meant")
	default:
		mend := "write one of tcp, udp, sctp"
		if slices.Contains(Protocols(), p) {
			mend = "use matchProtocols for it"
		}
		v.fail(field+".protocol", fmt.Sprintf("%q has no ports and no endpoints", r.Protocol), mend)
	}
	switch r.Direction {
	case "", "egress":
	case "ingress":
		e.Direction = Ingress
	default:
		v.fail(field+".direction", fmt.Sprintf("%q is no direction", r.Direction), oneOf(r.Direction, "egress", "ingress"))
	}
	return Matcher{Kind: MatchEndpoint, Endpoint: e}
}

// cidr takes a prefix, or one address.
func (v *validator) cidr(field, s string) netip.Prefix {
	p, err := netip.ParsePrefix(s)
	if !strings.Contains(s, "/") {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err == nil && a.Zone() == "" {
			p = netip.PrefixFrom(a, a.BitLen())
		}
	}
	switch {
	case err != nil || !p.IsValid():
		v.fail(field, fmt.Sprintf("%q is no address and no prefix", s), "write one like 10.0.0.0/8 or 2001:db8::1")
	case p.Addr().Is4In6() && p.Bits() >= 96:
		v4 := netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked()
		v.fail(field, fmt.Sprintf("%q is judged as IPv4", s), "write "+v4.String())
	case p != p.Masked():
		v.fail(field, fmt.Sprintf("%q has bits outside of its prefix", s), fmt.Sprintf("write %s, or %s for the one address", p.Masked(), p.Addr()))
	default:
		return p
	}
	return netip.Prefix{}
}

// ports takes "443" or "8000-8999".
func (v *validator) ports(field string, p intstr.IntOrString) PortRange {
	first, last, isRange := strings.Cut(p.String(), "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	switch {
	case errA != nil || errB != nil || a == 0 || b == 0:
		v.fail(field, fmt.Sprintf("%q is no port and no range of ports", p.String()), `write a number from 1 to 65535, or a range like "8000-8999"`)
	case a > b:
		v.fail(field, fmt.Sprintf("%q ends before it begins", p.String()), fmt.Sprintf(`write "%d-%d"`, b, a))
	}
	return PortRange{uint16(a), uint16(b)}
}
