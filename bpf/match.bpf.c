//go:build ignore

// The decision path alone, as a program that a test can run natively: it answers the
// request that the test has put into its map.
#include "headers/endpoint.h"
#include "headers/socket.h"

enum request_kind { REQUEST_NONE, REQUEST_FILE, REQUEST_EXEC, REQUEST_SOCKET, REQUEST_CAPABILITY, REQUEST_TRACE, REQUEST_OUTSIDE, REQUEST_MOVE, REQUEST_ENDPOINT, REQUEST_ARGUMENT, REQUEST_MAPPING, REQUEST_MEMORY, REQUEST_SYSCALL };

struct request {
	u32 kind;
	u32 container;
	u32 op; // the operation, socket family, capability or row of a system call
	u32 type; // of a socket
	u32 protocol;
	u32 conditions;
	u32 name_len;
	u32 started_by_len;
	u32 hidden;
	u32 dir;
	u32 exchange;
	u32 handle;
	u32 foreign;
	u32 to_len; // of the new name, in to
	u32 source_len;
	u32 source_deleted;
	u32 target_deleted; // of a task that is ptraced; its program is the name
	u32 secure;         // answered: an exec of the source is
	u32 direction;
	u32 endpoint_len;
	u8 endpoint[20];
	u32 outcome;
	u32 flags;
	u8 source[PATH_END];
	u8 name[PATH_END + 256];
	u8 started_by[PATH_END]; // longer than any, for the bounds
	u8 to[PATH_END + 256];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct request);
} requests SEC(".maps");

static __always_inline u64 answer(struct request *r)
{
	u32 index = r->container & (MAX_CONTAINERS - 1);
	struct container *c = bpf_map_lookup_elem(&containers, &index);
	struct image image;
	if (!c || !find_image(&image, c->profile))
		return DECISION_MALFORMED;
	u32 class = r->source_len ? class_of(&image, r->source, r->source_len, r->source_deleted) : 0;
	u64 who = caller(r->conditions, class);
	r->secure = flags_of_class(&image, class) & IMAGE_SOURCE_SECURE;
	u64 decision, set = UNNAMED, column = IMAGE_COLUMN_HIDDEN;
	switch (r->kind) {
	case REQUEST_FILE:
		if (r->foreign)
			return decide_alone(&image, image.placed->foreign);
		if (r->name_len)
			set = file_set(&image, r->name, r->name_len);
		decision = decide_file(&image, set, r->op & 1, who);
		return r->handle ? worse(decision, decide_alone(&image, r->op & 1 ? image.placed->handle_write : image.placed->handle_read)) : decision;
	case REQUEST_MOVE: {
		struct side from = {}, to = {};
		if (r->name_len) {
			from.file = file_set(&image, r->name, r->name_len);
			from.program = program_set(&image, r->name, r->name_len);
		}
		if (r->to_len) {
			to.file = file_set(&image, r->to, r->to_len);
			to.program = program_set(&image, r->to, r->to_len);
		}
		u32 op = r->op & 3;
		decision = worse(decide_file(&image, from.file, op, who), decide_file(&image, to.file, op, who));
		// The test asks for a move to the same name by its own word.
		if (!(r->op & 4))
			decision = worse(decision, decide_names(&image, &from, &to, r->dir & 1));
		if (r->exchange && !(r->op & 4))
			decision = worse(decision, decide_names(&image, &to, &from, r->dir & 1));
		return decision;
	}
	case REQUEST_MAPPING:
		if (r->name_len)
			set = program_set(&image, r->name, r->name_len);
		decision = decide_exec(&image, set, r->op & 3, who);
		return r->handle ? worse(decision, decide_alone(&image, image.placed->handle_exec)) : decision;
	case REQUEST_MEMORY:
		return decide_memory(&image);
	case REQUEST_EXEC:
		set = FILELESS(&image);
		if (r->name_len)
			set = program_set(&image, r->name, r->name_len);
		if (!r->hidden)
			column = started_by(&image, r->started_by, r->started_by_len & 0xff);
		decision = decide_exec(&image, set, column, who);
		return r->handle ? worse(decision, decide_alone(&image, image.placed->handle_exec)) : decision;
	case REQUEST_SOCKET: {
		u32 kind = socket_class(r->op, r->type, r->protocol);
		return kind == IMAGE_SOCKET_OUT_OF_SCOPE ? 0 : decide_socket(&image, kind, who);
	}
	case REQUEST_ENDPOINT: {
		u32 kind = socket_class(r->op, r->type, r->protocol);
		struct endpoint e = {.len = r->endpoint_len};
		__builtin_memcpy(e.bytes, r->endpoint, sizeof(e.bytes));
		return kind == IMAGE_SOCKET_OUT_OF_SCOPE ? 0 : decide_endpoint(&image, r->direction, kind, &e, who);
	}
	case REQUEST_CAPABILITY:
		return decide_capability(&image, r->op, who);
	case REQUEST_SYSCALL:
		return image.placed->flags & IMAGE_FLAG_SYSCALLS ? decide_syscall(&image, r->op, who) : 0;
	case REQUEST_TRACE:
		class = r->name_len ? class_of(&image, r->name, r->name_len, r->target_deleted) : 0;
		return decide_trace(&image, class, who);
	case REQUEST_ARGUMENT:
		return argument_lists(&image, r->name, r->name_len);
	case REQUEST_OUTSIDE:
		return settle(&image, image.placed->outside_word, who);
	}
	return 0;
}

SEC("tc")
int match(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct request *r = bpf_map_lookup_elem(&requests, &zero);
	if (!r)
		return 0;
	u64 decision = answer(r);
	r->outcome = outcome_of(decision);
	r->flags = decision >> 32 & (IMAGE_OUTCOME_RANK - 1);
	return 0;
}

// nothing is what match is compared with: the cost of a run without a decision.
SEC("tc")
int nothing(struct __sk_buff *skb)
{
	return 0;
}

// The types shared with Go that no map holds.
const struct placed *placed_type __attribute__((unused));
const enum request_kind *request_kind_type __attribute__((unused));

char LICENSE[] SEC("license") = "GPL";
