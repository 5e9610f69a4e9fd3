package policy

import "slices"

// Numbers of Linux's address families, socket types and protocols
// (include/linux/socket.h, include/linux/net.h, include/uapi/linux/in.h).
const (
	afUnix    = 1
	afInet    = 2
	afInet6   = 10
	afNetlink = 16
	afPacket  = 17
	afSMC     = 43

	sockStream = 1
	sockDgram  = 2
	sockRaw    = 3
	sockSeqpkt = 5
	// SockTypeMask removes SOCK_NONBLOCK and SOCK_CLOEXEC from a type.
	SockTypeMask = 0xf

	protoICMP    = 1
	protoTCP     = 6
	protoUDP     = 17
	protoICMPv6  = 58
	protoSCTP    = 132
	protoUDPLite = 136
	protoSMC     = 256
	protoMPTCP   = 262
)

// SocketClass is what network rules can tell apart about a socket.
type SocketClass struct {
	// Protocol is empty for a family or protocol that has no name in rules.
	Protocol Protocol
	Raw      bool
	// OutOfScope: unix and netlink sockets, which no rule judges.
	OutOfScope bool
}

// ClassifySocket names a socket by its family, type and protocol.
func ClassifySocket(family, sockType, protocol int) SocketClass {
	sockType &= SockTypeMask
	switch family {
	case afUnix, afNetlink:
		return SocketClass{OutOfScope: true}
	case afPacket:
		return SocketClass{Raw: true}
	case afSMC:
		return SocketClass{Protocol: ProtoTCP}
	case afInet, afInet6:
		return SocketClass{Protocol: protocolName(sockType, protocol), Raw: sockType == sockRaw}
	}
	return SocketClass{}
}

func protocolName(sockType, protocol int) Protocol {
	switch protocol {
	case 0:
		switch sockType {
		case sockStream:
			return ProtoTCP
		case sockDgram:
			return ProtoUDP
		case sockSeqpkt:
			return ProtoSCTP
		}
		return ""
	case protoTCP, protoMPTCP, protoSMC:
		return ProtoTCP
	case protoUDP, protoUDPLite:
		return ProtoUDP
	case protoICMP:
		return ProtoICMP
	case protoICMPv6:
		return ProtoICMPv6
	case protoSCTP:
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
// raw; Block and Audit of its protocol's name match it too, Allow only by raw or all.
func (c SocketClass) named(p Protocol, action Action) bool {
	switch {
	case p == ProtoAll:
		return true
	case p == ProtoRaw:
		return c.Raw
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
