//go:build ignore

// Copying labels from one set of programs to the one that comes after it, of another version:
// a task iterator, read again until it finds nothing to do. The sets' labels differ behind
// the first two fields.
#include "headers/maps.h"

struct old_label {
	u32 container;
	u32 flags;
};

// Both are replaced by the sets' own when this is loaded.
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct old_label);
} old_labels SEC(".maps");

struct bpf_iter_meta;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
#pragma clang attribute pop

volatile u32 changed; // labels that were copied, or could not be, since it was cleared

SEC("iter/task")
int copy_labels(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task)
		return 0;
	struct old_label *old = bpf_task_storage_get(&old_labels, task, 0, 0);
	if (!old || !old->container)
		return 0;
	struct label *label = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label) {
		changed++;
		return 0;
	}
	if (label->container != old->container) {
		label->flags = old->flags;
		label->container = old->container;
		changed++;
	}
	// An exec that ends set-up may have come in between: then it has ended.
	if (label->flags & LABEL_SETUP && !(old->flags & LABEL_SETUP)) {
		label->flags &= ~LABEL_SETUP;
		changed++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
