//go:build ignore

// Copying what tasks keep from one set of programs to another, of another version: a task
// iterator, read again until it finds nothing to do. What it reads of the other set is all that
// every version has in common (docs/design/lifecycle.md).
#include "headers/label.h"

struct old_label {
	u32 container;
	u32 flags;
};

// All are replaced by the other set's own when this is loaded, the programs of tasks only
// where that set keeps them in the same form; else each task's is found anew.
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct old_label);
} old_labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct source);
} old_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct long_source);
} old_long_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct long_source);
} old_long_sources_1 SEC(".maps");

struct bpf_iter_meta;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
#pragma clang attribute pop

volatile u32 changed; // tasks that got something, or could not get it, since it was cleared

// What this set's labels say counts more: it was in force all the while.
const volatile u32 own_first = 0;

// same_name compares so many bytes of two names. Behind its end stands what was there before.
static __always_inline bool same_name(const u8 *a, const u8 *b, u32 len, const u32 room)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;
	u32 words = len / 8, rest = len % 8;
	for (u32 i = 0; i < room / 8; i++) {
		if (i >= words)
			break;
		if (x[i] != y[i])
			return false;
	}
	barrier_var(words);
	words &= room / 8 - 1;
	return !rest || !((x[words] ^ y[words]) << (64 - rest * 8));
}

static __always_inline bool same_program(struct source *a, struct long_source *long_a, struct source *b, struct long_source *long_b)
{
	struct program *p = &a->programs[a->now & 1], *q = &b->programs[b->now & 1];
	if (p->len != q->len || p->deleted != q->deleted)
		return false;
	if (p->len <= SOURCE_INLINE)
		return same_name(p->name, q->name, p->len, SOURCE_INLINE);
	return long_a && long_b && same_name(long_a->name, long_b->name, p->len, PATH_END);
}

// copy_program gives a task the program that the other set keeps of it.
static __always_inline void copy_program(struct task_struct *task, struct label *label, u32 id)
{
	struct source *old = bpf_task_storage_get(&old_sources, task, 0, 0);
	if (!old || old->container != id)
		return;
	// The one in use: the other has a meaning only while an exec is under way.
	u32 which = old->now & 1;
	struct long_source *old_long, *own_long = 0;
	if (which)
		old_long = bpf_task_storage_get(&old_long_sources_1, task, 0, 0);
	else
		old_long = bpf_task_storage_get(&old_long_sources, task, 0, 0);
	struct source *own = bpf_task_storage_get(&sources, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (old_long && which)
		own_long = bpf_task_storage_get(&long_sources_1, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	else if (old_long)
		own_long = bpf_task_storage_get(&long_sources, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!own || (old_long && !own_long)) {
		changed++;
		return;
	}
	if (own->container == id && own->now == old->now && same_program(old, old_long, own, own_long))
		return;
	own->container = 0; // the task may look meanwhile
	barrier();
	bpf_probe_read_kernel(&own->now, sizeof(*own) - sizeof(own->container), &old->now);
	own->claimed = 0;
	if (old->programs[(which + 1) & 1].len > SOURCE_INLINE)
		own->pending = 0; // then that exec's is found anew
	if (old_long && own_long)
		bpf_probe_read_kernel(own_long, sizeof(*own_long), old_long);
	barrier();
	own->container = id;
	label->source_profile = 0;
	changed++;
}

SEC("iter/task")
int copy_labels(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task)
		return 0;
	// First of all: where the kernel refuses (see find_label), it would hide the other one too.
	struct label *label = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label) {
		changed++;
		return 0;
	}
	struct old_label *old = bpf_task_storage_get(&old_labels, task, 0, 0);
	if (!old)
		return 0;
	// The number of a container that has ended may become another's.
	u32 id = old->container, flags = old->flags & (LABEL_SETUP | LABEL_ENTERED);
	if (!id || !container(id))
		return 0;
	if (label->container != id || (label->flags & (LABEL_SETUP | LABEL_ENTERED)) != flags) {
		if (own_first && label->container && container(label->container))
			return 0;
		label->source_profile = 0;
		label->flags = flags;
		barrier();
		label->container = id;
		changed++;
	}
	copy_program(task, label, id);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
