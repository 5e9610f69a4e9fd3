// Which endpoint the kernel makes of an address that a task gives, and of a socket's own. What a
// family's code does with an odd address is hostile input: the notes name what was read.
#pragma once

#include "endpoint.h"
#include "socket.h"

#define AF_UNSPEC 0
#define MSG_FASTOPEN 0x20000000
#define SOCKET_TYPE 16  // where the type stands behind the family
#define SOCKADDR_IN 16  // sizeof(struct sockaddr_in): shorter ones are refused
#define SOCKADDR_IN6 24 // SIN6_LEN_RFC2133, without the scope

// name is the beginning of a struct sockaddr_in or sockaddr_in6. The kernel copies addresses
// into a struct sockaddr_storage, so that there are as many bytes always.
struct name {
	u16 family;
	u16 port;
	union {
		u32 address4;
		struct {
			u32 flow;
			u32 address6[4];
		};
	};
};

static __always_inline void set4(struct endpoint *e, u32 address, u16 port)
{
	__builtin_memset(e, 0, sizeof(*e));
	*(u32 *)e->bytes = address;
	*(u16 *)(e->bytes + IPV4_PORT) = port;
	e->len = ENDPOINT4;
}

// set6 takes an address of IPv6: in the mapped form it is one of IPv4.
static __always_inline void set6(struct endpoint *e, const u32 *address, u16 port)
{
	if (!address[0] && !address[1] && address[2] == __builtin_bswap32(0xffff)) {
		set4(e, address[3], port);
		return;
	}
	__builtin_memcpy(e->bytes, address, 16);
	*(u16 *)(e->bytes + IPV6_PORT) = port;
	*(u16 *)(e->bytes + ENDPOINT6) = 0;
	e->len = ENDPOINT6;
}

// has_ports: where there are none, the kernel does not look at the port or takes it for
// something else.
static __always_inline bool has_ports(u32 class)
{
	return class < IMAGE_SOCKET_RAW && class != IMAGE_SOCKET_ICMP && class != IMAGE_SOCKET_ICMPV6;
}

// endpoint_of makes the endpoint of an address given to a socket; false where the kernel refuses
// it. On IPv4 sockets it is taken for IPv4 whatever family it says: raw_bind does not look,
// sending by udp and raw sockets and bind take AF_UNSPEC. IPv6 sockets take AF_INET (UDP, SCTP)
// as IPv4; AF_UNSPEC is IPv6 for raw ones and no address for UDP, but that socket may become
// one of IPv4 (IPV6_ADDRFORM) before the message is sent. Sockets that are neither have no
// such address.
//
// It is a global function, as is class_of: else what follows is verified once for every way
// through it.
__noinline int endpoint_of(struct endpoint *e, const struct name *given, u32 len, u32 socket, u32 class)
{
	if (!e || !given)
		return 0;
	u32 family = socket & 0xffff, type = socket >> SOCKET_TYPE;
	__builtin_memset(e, 0, sizeof(*e));
	if (family != AF_INET && family != AF_INET6 && family != AF_SMC)
		return 1;
	u16 port = has_ports(class) ? given->port : 0;
	if (family == AF_INET || given->family == AF_INET || (given->family == AF_UNSPEC && type != SOCK_RAW)) {
		if (len < SOCKADDR_IN)
			return 0;
		set4(e, given->address4, port);
		return 1;
	}
	if (len < SOCKADDR_IN6)
		return 0;
	set6(e, given->address6, port);
	return 1;
}

__noinline u32 use_class(u32 family, u32 type, u32 protocol)
{
	return socket_class(family, type, protocol);
}

// local_endpoint is what a socket is bound to. Of SMC that is kept in a socket of its own,
// which can't be seen here.
static __always_inline void local_endpoint(struct endpoint *e, struct sock *sk, u32 family)
{
	u16 port = __builtin_bswap16(sk->__sk_common.skc_num);
	__builtin_memset(e, 0, sizeof(*e));
	if (sk->sk_protocol == PROTO_SMC)
		return;
	if (family == AF_INET) {
		set4(e, sk->__sk_common.skc_rcv_saddr, port);
	} else if (family == AF_INET6) {
		u32 address[4] = {};
		BPF_CORE_READ_INTO(&address, sk, __sk_common.skc_v6_rcv_saddr);
		set6(e, address, port);
	}
}

static __always_inline bool is_any(const struct endpoint *e)
{
	const u32 *w = (const u32 *)e->bytes;
	if (e->len == ENDPOINT4)
		return !w[0];
	return e->len == ENDPOINT6 && !w[0] && !w[1] && !w[2] && !w[3];
}

static __always_inline u16 port_of(const struct endpoint *e)
{
	return *(const u16 *)(e->bytes + (e->len == ENDPOINT4 ? IPV4_PORT : IPV6_PORT));
}

// Sending to any address reaches the own host: for IPv6 sockets that may be either family's.
static __always_inline void loopback4(struct endpoint *to, const struct endpoint *any)
{
	set4(to, __builtin_bswap32(0x7f000001), port_of(any));
}

static __always_inline void loopback6(struct endpoint *to, const struct endpoint *any)
{
	const u32 address[4] = {0, 0, 0, __builtin_bswap32(1)};
	set6(to, address, port_of(any));
}

static __always_inline void any4(struct endpoint *to, const struct endpoint *any)
{
	set4(to, 0, port_of(any));
}

// takes_ipv4 says whether an IPv6 socket bound to any address gets IPv4 as well. The option
// can be changed until the kernel binds, behind the hook's back; a TCP socket is asked again when
// it accepts, others are not.
static __always_inline bool takes_ipv4(struct sock *sk, u32 class)
{
	return class != IMAGE_SOCKET_TCP || !BPF_CORE_READ_BITFIELD(&sk->__sk_common, skc_ipv6only);
}
