// Which container a task belongs to. A task keeps it for life: the label stands in task
// storage, is inherited, and no namespace, mount or move to another cgroup changes it.
#pragma once

#include "maps.h"

#define CGROUP_DEPTH 64

// container_of_cgroup returns the id of the container whose cgroup this is or is below of.
static __always_inline u32 container_of_cgroup(struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_DEPTH && cgroup; i++) {
		u64 id = cgroup->kn->id;
		u32 *container = bpf_map_lookup_elem(&cgroups, &id);
		if (container)
			return *container;
		struct cgroup_subsys_state *parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	return 0;
}

// handle_of tells directory entries apart: they lie at multiples of more than eight bytes.
static __always_inline u32 handle_of(u64 dentry) { return dentry >> 3; }

// low_bits returns the lower half of an address: the verifier allows no arithmetic on a pointer, but a
// move of half of it.
static __always_inline u32 low_bits(const void *pointer)
{
	register u64 half asm("r3") = (u64)pointer;
	asm volatile("w3 = w3" : "+r"(half));
	return half;
}

// just_decoded says that a handle was decoded to that entry, and nothing opened since.
static __always_inline bool just_decoded(const struct label *label, struct dentry *dentry)
{
	return label && label->handle && !((label->handle ^ low_bits(dentry) >> 3) & ~0u >> 3);
}

// container returns the entry of a container that still exists; of none, whose number is 0, none.
static __always_inline struct container *container(u32 id)
{
	u32 index = id & (MAX_CONTAINERS - 1);
	struct container *c = bpf_map_lookup_elem(&containers, &index);
	return c && id && c->id == id ? c : 0;
}

// find_label answers for a task without a label, or without a container since an epoch
// that has passed: by the first thread of its group, which is the one that is labelled when a
// group moves, and wherever that has moved since; else by its cgroup. Task storage may refuse
// (before 6.2, while another task is inside it on this processor); then the answer is not kept.
static __always_inline struct label find_label(struct task_struct *task, u32 now)
{
	struct label found = {.epoch = now};
	struct label *first = bpf_task_storage_get(&labels, task->group_leader, 0, 0);
	if (first && first->container && container(first->container)) {
		found = *first;
		found.flags &= ~LABEL_EXEC;
	} else {
		found.container = container_of_cgroup(task->cgroups->dfl_cgrp);
		struct container *c = container(found.container);
		if (found.container && c && c->state & STARTING)
			found.flags = LABEL_SETUP;
	}
	struct label *label = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (label)
		*label = found;
	else
		count(COUNT_LABELS_MISSING);
	return found;
}

// label_from returns the label of the task that runs, of which label is what is kept, and the
// container's entry. The label of a container that is protected no longer means nothing: its cgroup
// may have been added again.
static __always_inline struct label label_from(struct label *label, struct task_struct *task, struct container **entry)
{
	u32 now = epoch;
	struct label found;
	*entry = 0;
	if (label) {
		found = *label;
		if (found.container)
			*entry = container(found.container);
		else if (found.epoch == now)
			return found;
		if (*entry)
			return found;
	}
	found = find_label(task, now);
	if (found.container)
		*entry = container(found.container);
	return found;
}

static __always_inline struct label current_label(struct task_struct *task, struct container **entry)
{
	return label_from(bpf_task_storage_get(&labels, task, 0, 0), task, entry);
}

// outside says that the task belongs to no container, as was found since the last change of any. Its
// label has to say so: what is found by cgroup before the programs are told that a task has
// come into a container would take it for one of the container's own.
static __always_inline bool outside(const struct label *label)
{
	return label && !label->container && label->epoch == epoch;
}
