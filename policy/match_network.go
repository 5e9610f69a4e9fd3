package policy

import (
	"slices"

	"kubearmor.io/policy/socket"
)

// SocketClass is what network rules can tell apart about a socket.
type SocketClass struct {
	// Protocol is empty for a family or protocol that has no name in rules.
	Protocol Protocol
	Raw      bool
	// OtherFamily: of the names of protocols, Allow is about it by all alone.
	OtherFamily bool
	// OutOfScope: unix and netlink sockets, which no rule judges.
	OutOfScope bool
}

// ClassifySocket names a socket by its family, type and protocol.
func ClassifySocket(family, sockType, protocol int) SocketClass {
	sockType &= socket.TypeMask
	switch family {
	case socket.Unix, socket.Netlink:
		return SocketClass{OutOfScope: true}
	case socket.Packet:
		return SocketClass{Raw: true}
	case socket.XDP: // frames as well
		return SocketClass{Raw: true, OtherFamily: true}
	case socket.SMC:
		return SocketClass{Protocol: ProtoTCP}
	case socket.Inet, socket.Inet6:
		return SocketClass{Protocol: protocolName(sockType, protocol), Raw: sockType == socket.Raw}
	}
	return SocketClass{OtherFamily: true}
}

func protocolName(sockType, protocol int) Protocol {
	switch protocol {
	case 0:
		switch sockType {
		case socket.Stream:
			return ProtoTCP
		case socket.Dgram:
			return ProtoUDP
		case socket.SeqPacket:
			return ProtoSCTP
		}
		return ""
	case socket.TCP, socket.MPTCP, socket.SMCProtocol:
		return ProtoTCP
	case socket.UDP, socket.UDPLite:
		return ProtoUDP
	case socket.ICMP:
		return ProtoICMP
	case socket.ICMPv6:
		return ProtoICMPv6
	case socket.SCTP:
		return ProtoSCTP
	}
	return ""
}

// matchesNetwork judges protocol and endpoint rules.
func (r *ProfileRule) matchesNetwork(op *Operation) bool {
	class := ClassifySocket(op.Family, op.SockType, op.Protocol)
	if class.OutOfScope {
		return false
	}
	if r.Match.Kind == MatchEndpoint {
		return op.Kind != OpSocket && r.Match.Endpoint.matches(op, class, r.Action)
	}
	return class.named(r.Match.Protocol, r.Action)
}

// MatchesUse says whether a network rule is about connecting, sending, binding or accepting by
// such a socket, leaving open whether the address, the port and the caller are what it asks
// for. Compilers ask, which match addresses by themselves.
func (r *ProfileRule) MatchesUse(op *Operation) bool {
	class := ClassifySocket(op.Family, op.SockType, op.Protocol)
	if r.Category != Network || class.OutOfScope {
		return false
	}
	if e := r.Match.Endpoint; r.Match.Kind == MatchEndpoint {
		return (e.Direction == Egress) == (op.Kind == OpConnect) && e.names(class, r.Action)
	}
	return class.named(r.Match.Protocol, r.Action)
}

// named says whether a protocol rule of that action is about the class: a raw socket is
// raw; Block and Audit of its protocol's name match it too, Allow only by raw or all. One for
// frames of another family is raw for Block and Audit.
func (c SocketClass) named(p Protocol, action Action) bool {
	switch {
	case p == ProtoAll:
		return true
	case p == ProtoRaw:
		return c.Raw && (action != Allow || !c.OtherFamily)
	case c.Raw && action == Allow:
		return false
	}
	return c.Protocol == p && p != ""
}

func (e *Endpoint) matches(op *Operation, class SocketClass, action Action) bool {
	if (e.Direction == Egress) != (op.Kind == OpConnect) {
		return false
	}
	if !e.names(class, action) {
		return false
	}
	if action == Allow && !op.Address.IsValid() {
		return false // a family without such addresses: no endpoint allows it
	}
	if e.CIDR.IsValid() && !e.CIDR.Contains(op.Address.Addr().Unmap().WithZone("")) {
		return false
	}
	port := op.Address.Port()
	return len(e.Ports) == 0 || slices.ContainsFunc(e.Ports, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}

// names says whether the rule's protocol covers the class. Without a protocol a rule is
// about every one, but an Allow grants a raw socket only by name.
func (e *Endpoint) names(class SocketClass, action Action) bool {
	if e.Protocol == "" {
		return !class.Raw || action != Allow
	}
	return class.named(e.Protocol, action)
}

// needsSocket says whether using the endpoint takes a socket of the class. What has no
// protocol is about each that has ports.
func (e *Endpoint) needsSocket(class SocketClass) bool {
	switch {
	case class.Raw:
		return false
	case e.Protocol == "" || e.Protocol == ProtoAll:
		return class.Protocol == ProtoTCP || class.Protocol == ProtoUDP || class.Protocol == ProtoSCTP
	}
	return class.Protocol == e.Protocol
}
