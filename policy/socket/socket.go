// Package socket holds the numbers that Linux's socket(2) takes; package syscall would have those
// of the system that a program was built for. Package policy classes sockets by them, package
// explain makes up calls of them, and the agent's alerts name them.
package socket

// Address families (include/linux/socket.h).
const (
	Unix    = 1
	Inet    = 2
	Inet6   = 10
	Netlink = 16
	Packet  = 17
	VSock   = 40
	SMC     = 43
	XDP     = 44
)

// Types (include/linux/net.h).
const (
	Stream    = 1
	Dgram     = 2
	Raw       = 3
	SeqPacket = 5
	// TypeMask removes SOCK_NONBLOCK and SOCK_CLOEXEC from a type.
	TypeMask = 0xf
)

// Protocols (include/uapi/linux/in.h).
const (
	ICMP        = 1
	TCP         = 6
	UDP         = 17
	ICMPv6      = 58
	SCTP        = 132
	UDPLite     = 136
	RawProtocol = 255
	SMCProtocol = 256
	MPTCP       = 262
)
