// From the address of an operation on a socket to a decision. Shared by the hooks and the test
// program.
#pragma once

#include "decide.h"

#define ENDPOINT4 6  // an IPv4 address and a port
#define ENDPOINT6 18 // an IPv6 address and a port

// endpoint is what the automata over endpoints read: address and port as they go over the
// wire. Of IPv4 in IPv6 form the IPv4 address alone.
struct endpoint {
	u8 bytes[20];
	u32 len; // 0: there is no such address
};

#define IPV4_PORT 4 // where the port stands
#define IPV6_PORT 16

// step_endpoint runs an automaton over an endpoint; see step_chunk.
__noinline u64 step_endpoint(const struct slab *slab, const struct endpoint *e, u64 s, u64 sink)
{
	if (!slab || !e || s >= sink)
		return s;
	u64 n = e->len;
	if (n == 0)
		return s;
	if (n > ENDPOINT6)
		n = ENDPOINT6;
	return run_bytes(slab, e->bytes, n, s, sink);
}

#define USE_DIRECTION 16 // where the direction stands in a use, behind the class

// judge_endpoint decides on an operation by a socket of a class. A hook may ask about several
// endpoints: it is a global function, so that it is verified once and not for each.
__noinline u64 judge_endpoint(const struct slab *slab, u64 at, const struct endpoint *e, u32 use, u64 who)
{
	if (!slab || !e || at > IMAGE_SLAB_BYTES - sizeof(struct placed))
		return DECISION_MALFORMED;
	const u8 *bytes = slab->bytes;
	const struct placed *p = (const struct placed *)&bytes[at];
	struct image image = {bytes, p};
	u64 row = p->endpoint_rows - 1;
	if (e->len)
		row = accepted(&image, step_endpoint(slab, e, e->len == ENDPOINT4 ? p->endpoint4_start : p->endpoint6_start, p->first_sink));
	u32 index = (use >> USE_DIRECTION & 1) * IMAGE_SOCKET_CLASSES + (use & (IMAGE_SOCKET_CLASSES - 1));
	u64 column = word(bytes, p->endpoint_columns + (u64)index * 4);
	return follow(slab, at, word(bytes, p->endpoint_words + (row * p->endpoint_width + column) * 4), who);
}

static __always_inline u64 decide_endpoint(const struct image *image, u32 direction, u32 class, const struct endpoint *e, u64 who)
{
	return judge_endpoint((const struct slab *)image->slab, (u64)((const u8 *)image->placed - image->slab), e, direction << USE_DIRECTION | class, who);
}
