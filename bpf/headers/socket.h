// What network rules can tell apart about a socket. Shared by the hook and the test program.
#pragma once

#include "image.h"
#include "kernel.h"

// Numbers of include/linux/socket.h, include/linux/net.h and include/uapi/linux/in.h.
enum { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, AF_PACKET = 17, AF_SMC = 43, AF_XDP = 44 };
enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_SEQPACKET = 5, SOCK_TYPE_MASK = 0xf };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132, PROTO_UDPLITE = 136, PROTO_SMC = 256, PROTO_MPTCP = 262 };

static __always_inline u32 protocol_class(int type, int protocol)
{
	switch (protocol) {
	case 0:
		if (type == SOCK_STREAM)
			return IMAGE_SOCKET_TCP;
		if (type == SOCK_SEQPACKET)
			return IMAGE_SOCKET_SCTP;
		return type == SOCK_DGRAM ? IMAGE_SOCKET_UDP : IMAGE_SOCKET_OTHER_PROTOCOL;
	case PROTO_TCP:
	case PROTO_SMC:
	case PROTO_MPTCP:
		return IMAGE_SOCKET_TCP;
	case PROTO_UDP:
	case PROTO_UDPLITE:
		return IMAGE_SOCKET_UDP;
	case PROTO_ICMP:
		return IMAGE_SOCKET_ICMP;
	case PROTO_ICMPV6:
		return IMAGE_SOCKET_ICMPV6;
	case PROTO_SCTP:
		return IMAGE_SOCKET_SCTP;
	}
	return IMAGE_SOCKET_OTHER_PROTOCOL;
}

// socket_class is policy.ClassifySocket.
static __always_inline u32 socket_class(int family, int type, int protocol)
{
	type &= SOCK_TYPE_MASK;
	switch (family) {
	case AF_UNIX:
	case AF_NETLINK:
		return IMAGE_SOCKET_OUT_OF_SCOPE;
	case AF_PACKET:
		return IMAGE_SOCKET_PACKET;
	case AF_XDP:
		return IMAGE_SOCKET_XDP;
	case AF_SMC:
		return IMAGE_SOCKET_TCP;
	case AF_INET:
	case AF_INET6:
		return protocol_class(type, protocol) + (type == SOCK_RAW ? IMAGE_SOCKET_RAW : 0);
	}
	return IMAGE_SOCKET_OTHER_FAMILY;
}
