package explain

import (
	"net/netip"

	"kubearmor.io/policy/socket"
)

// call is what socket(2) is called with.
type call struct{ family, kind, protocol int }

// protocolNames lists what `net` takes, those of rules first.
func protocolNames() []string {
	return []string{"tcp", "udp", "icmp", "icmpv6", "sctp", "raw", "mptcp", "smc", "udplite", "packet", "unix", "netlink"}
}

// socketOf returns the call that makes a socket of that name; v6 where there is a choice.
func socketOf(name string, v6 bool) (call, bool) {
	inet := socket.Inet
	if v6 {
		inet = socket.Inet6
	}
	switch name {
	case "tcp":
		return call{inet, socket.Stream, 0}, true
	case "udp":
		return call{inet, socket.Dgram, 0}, true
	case "icmp":
		return call{socket.Inet, socket.Dgram, socket.ICMP}, true
	case "icmpv6":
		return call{socket.Inet6, socket.Dgram, socket.ICMPv6}, true
	case "sctp":
		return call{inet, socket.Stream, socket.SCTP}, true
	case "raw":
		return call{inet, socket.Raw, socket.RawProtocol}, true
	case "mptcp":
		return call{inet, socket.Stream, socket.MPTCP}, true
	case "smc":
		return call{socket.SMC, socket.Stream, 0}, true
	case "udplite":
		return call{inet, socket.Dgram, socket.UDPLite}, true
	case "packet":
		return call{socket.Packet, socket.Raw, 0}, true
	case "unix":
		return call{socket.Unix, socket.Stream, 0}, true
	case "netlink":
		return call{socket.Netlink, socket.Raw, 0}, true
	}
	return call{}, false
}

func wantsV6(addr netip.AddrPort) bool { return addr.IsValid() && !addr.Addr().Unmap().Is4() }
