package explain

import "net/netip"

// socket is what socket(2) is called with.
type socket struct{ family, kind, protocol int }

// Numbers of Linux's socket(2); package syscall would have those of the system that
// karmor was built for.
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
)

// protocolNames lists what `net` takes, those of rules first.
func protocolNames() []string {
	return []string{"tcp", "udp", "icmp", "icmpv6", "sctp", "raw", "mptcp", "smc", "udplite", "packet", "unix", "netlink"}
}

// socketOf returns the call that makes a socket of that name; v6 where there is a choice.
func socketOf(name string, v6 bool) (socket, bool) {
	inet := afInet
	if v6 {
		inet = afInet6
	}
	switch name {
	case "tcp":
		return socket{inet, sockStream, 0}, true
	case "udp":
		return socket{inet, sockDgram, 0}, true
	case "icmp":
		return socket{afInet, sockDgram, 1}, true
	case "icmpv6":
		return socket{afInet6, sockDgram, 58}, true
	case "sctp":
		return socket{inet, sockStream, 132}, true
	case "raw":
		return socket{inet, sockRaw, 255}, true
	case "mptcp":
		return socket{inet, sockStream, 262}, true
	case "smc":
		return socket{afSMC, sockStream, 0}, true
	case "udplite":
		return socket{inet, sockDgram, 136}, true
	case "packet":
		return socket{afPacket, sockRaw, 0}, true
	case "unix":
		return socket{afUnix, sockStream, 0}, true
	case "netlink":
		return socket{afNetlink, sockRaw, 0}, true
	}
	return socket{}, false
}

func wantsV6(addr netip.AddrPort) bool { return addr.IsValid() && !addr.Addr().Unmap().Is4() }
