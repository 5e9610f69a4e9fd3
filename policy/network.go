package policy

import "net/netip"

// Protocol is a protocol name of a network rule, in lower case.
type Protocol string

const (
	ProtoAll    Protocol = "all"
	ProtoTCP    Protocol = "tcp" // with MPTCP and SMC
	ProtoUDP    Protocol = "udp" // with UDP-Lite
	ProtoICMP   Protocol = "icmp"
	ProtoICMPv6 Protocol = "icmpv6"
	ProtoSCTP   Protocol = "sctp"
	ProtoRaw    Protocol = "raw" // SOCK_RAW of any protocol, AF_PACKET and, for Block and Audit, AF_XDP
)

// Protocols lists every name a rule may use.
func Protocols() []Protocol {
	return []Protocol{ProtoAll, ProtoTCP, ProtoUDP, ProtoICMP, ProtoICMPv6, ProtoSCTP, ProtoRaw}
}

// Direction of an endpoint rule or operation.
type Direction uint8

const (
	Egress  Direction = iota // connect, and sending to an address
	Ingress                  // bind, accept
)

// PortRange is inclusive at both ends.
type PortRange struct{ First, Last uint16 }

// Endpoint is the matcher of one matchEndpoints rule.
type Endpoint struct {
	CIDR      netip.Prefix // masked; the zero value is every address
	Ports     []PortRange  // empty is every port
	Protocol  Protocol     // empty is every protocol
	Direction Direction
}
