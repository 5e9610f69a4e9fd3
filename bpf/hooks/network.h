// Network rules: creating a socket, by family, type and protocol; and using it: connecting and
// sending to an address (egress), binding and accepting (ingress).
#pragma once

#include "../headers/address.h"
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

// use is an operation of the running task on a socket.
struct use {
	struct scene scene;
	struct sock *sk;
	u32 direction;
	u32 class;
	u32 family;
	u32 kind; // of the event
};

// free_use says that the operation is allowed and not reported, whatever the endpoint.
static __always_inline bool free_use(const struct use *u)
{
	return u->scene.image.placed->free_uses >> ((u->direction * IMAGE_SOCKET_CLASSES + u->class) & 31) & 1;
}

// begin_use finds whose operation it is, and whether it is to be judged. The kernel's own sockets have no file.
static __always_inline enum entrance begin_use(struct use *u, struct socket *sock, u32 kind)
{
	struct sock *sk = sock->sk;
	if (!sk || !sock->file)
		return OUTSIDE;
	u->sk = sk;
	u->kind = kind;
	u->family = sk->__sk_common.skc_family;
	if (u->family == AF_UNIX || u->family == AF_NETLINK)
		return OUTSIDE;
	bool egress = kind == EVENT_CONNECT || kind == EVENT_SEND;
	u->direction = egress ? IMAGE_DIRECTION_EGRESS : IMAGE_DIRECTION_INGRESS;
	u->scene.task = bpf_get_current_task_btf();
	u->scene.container = 0;
	struct label label, *kept = bpf_task_storage_get(&labels, u->scene.task, 0, 0);
	enum entrance entrance = enter_as(&label, kept, &u->scene, egress ? IMAGE_FLAG_EGRESS : IMAGE_FLAG_INGRESS);
	if (entrance != INSIDE)
		return entrance;
	u->class = use_class(u->family, sk->sk_type, sk->sk_protocol);
	if (free_use(u))
		return OUTSIDE;
	u->scene.source = 0;
	if (!(u->scene.image.placed->flags & IMAGE_FLAG_SOURCES))
		return INSIDE;
	// Looked up once more: what of the label was kept until here would take more stack than there is.
	return find_caller(bpf_task_storage_get(&labels, u->scene.task, 0, 0), &u->scene);
}

// judge_use decides on the endpoint, and on what the kernel takes it for besides.
static __always_inline int judge_use(struct use *u, const struct endpoint *e)
{
	const struct image *image = &u->scene.image;
	u64 known = conditions(&u->scene, 0);
	u64 decision = decide_endpoint(image, u->direction, u->class, e, known);
	if (is_any(e)) {
		struct endpoint other;
		if (u->direction == IMAGE_DIRECTION_EGRESS) {
			loopback4(&other, e);
			decision = worse(decision, decide_endpoint(image, u->direction, u->class, &other, known));
			if (e->len == ENDPOINT6) {
				loopback6(&other, e);
				decision = worse(decision, decide_endpoint(image, u->direction, u->class, &other, known));
			}
		} else if (e->len == ENDPOINT6 && takes_ipv4(u->sk, u->class)) {
			any4(&other, e);
			decision = worse(decision, decide_endpoint(image, u->direction, u->class, &other, known));
		}
	}
	if (reports(decision)) {
		struct scratch *s = claim();
		if (s) {
			struct event *event = begin_event(&u->scene, s, decision, u->kind);
			event->family = u->family;
			event->type = u->sk->sk_type;
			event->protocol = u->sk->sk_protocol;
			__builtin_memcpy(event->endpoint, e->bytes, sizeof(event->endpoint));
			event->endpoint_len = e->len;
			send_event(s, PATH_END);
			release(s);
		}
	}
	return denies(decision) ? -EACCES : 0;
}

// judge_name judges an address that the task has given, which the kernel has copied.
static __always_inline int judge_address(struct socket *sock, const void *name, u32 len, u32 kind, u32 flags)
{
	struct use u;
	enum entrance entrance = begin_use(&u, sock, kind);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	// On a connected stream the kernel looks at an address only where the message is to open
	// the connection.
	if (kind == EVENT_SEND && u.class == IMAGE_SOCKET_TCP && !(flags & MSG_FASTOPEN))
		return 0;
	struct name given = {};
	struct endpoint e = {};
	if (bpf_probe_read_kernel(&given, sizeof(given), name))
		return -EACCES;
	if (kind == EVENT_CONNECT && given.family == AF_UNSPEC)
		return 0; // it disconnects
	if (!endpoint_of(&e, &given, len, u.family | u.sk->sk_type << SOCKET_TYPE, u.class))
		return 0; // the kernel refuses it
	return judge_use(&u, &e);
}

// judge_local judges the address that a socket is bound to.
static __always_inline int judge_local(struct socket *sock, u32 kind)
{
	struct use u;
	enum entrance entrance = begin_use(&u, sock, kind);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	struct endpoint e = {};
	local_endpoint(&e, u.sk, u.family);
	return judge_use(&u, &e);
}

SEC("lsm/socket_connect")
int BPF_PROG(check_connect, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	return ret ? ret : judge_address(sock, address, len, EVENT_CONNECT, 0);
}

// Every write to a socket comes here: without an address it is no operation.
SEC("lsm/socket_sendmsg")
int BPF_PROG(check_send, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	void *name = msg->msg_name;
	if (ret || !name)
		return ret;
	return judge_address(sock, name, msg->msg_namelen, EVENT_SEND, msg->msg_flags);
}

SEC("lsm/socket_bind")
int BPF_PROG(check_bind, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	return ret ? ret : judge_address(sock, address, len, EVENT_BIND, 0);
}

// Listening binds a socket that is not bound yet, to any address and a port of the kernel's
// choice: judged as binding to port 0.
SEC("lsm/socket_listen")
int BPF_PROG(check_listen, struct socket *sock, int backlog, int ret)
{
	struct sock *sk = sock->sk;
	if (ret || !sk || sk->__sk_common.skc_num)
		return ret;
	u32 family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0; // those don't bind by themselves
	return judge_local(sock, EVENT_LISTEN);
}

// Who connects is not known yet: the address is the one that the socket listens on.
SEC("lsm/socket_accept")
int BPF_PROG(check_accept, struct socket *sock, struct socket *new, int ret)
{
	return ret ? ret : judge_local(sock, EVENT_ACCEPT);
}
