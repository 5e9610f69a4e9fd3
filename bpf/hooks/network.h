// Network rules: creating a socket, by family, type and protocol.
#pragma once

#include "../headers/scene.h"
#include "../headers/socket.h"

SEC("lsm/socket_create")
int BPF_PROG(check_socket, int family, int type, int protocol, int kern, int ret)
{
	struct scene scene;
	if (ret || kern)
		return ret;
	if (family == AF_UNIX || family == AF_NETLINK)
		return 0;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_NETWORK);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	// Not before enter, which would be verified once for every class.
	u32 class = socket_class(family, type, protocol);
	if (class == IMAGE_SOCKET_OUT_OF_SCOPE)
		return 0;
	u64 decision = decide_socket(&scene.image, class, conditions(&scene, 0));
	if (reports(decision)) {
		struct scratch *s = claim();
		if (s) {
			struct event *e = begin_event(&scene, s, decision, EVENT_SOCKET);
			e->family = family;
			e->type = type & SOCK_TYPE_MASK;
			e->protocol = protocol;
			send_event(s, PATH_END);
			release(s);
		}
	}
	return denies(decision) ? -EACCES : 0;
}
