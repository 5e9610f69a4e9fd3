// Keeping labels: inherited at fork, set when a task comes into a container from outside.
#pragma once

#include "../headers/scene.h"

SEC("lsm/task_alloc")
int BPF_PROG(inherit_label, struct task_struct *task, unsigned long clone_flags, int ret)
{
	if (ret)
		return ret;
	struct task_struct *current = bpf_get_current_task_btf();
	struct container *entry;
	struct label parent = current_label(current, &entry);
	struct label *child = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	parent.handle = 0;
	parent.flags &= ~LABEL_EXEC;
	if (child)
		*child = parent;
	else
		count(COUNT_LABELS_MISSING); // found by its cgroup then, if that is the container's
	if (!child && entry && (clone_flags & CLONE_INTO_CGROUP || container_of_cgroup(current->cgroups->dfl_cgrp) != parent.container))
		return -EAGAIN;
	if (!entry || !recorded(entry) || inherit_source(current, task, parent.container))
		return 0;
	// It would be found anew, by what the child says it runs.
	struct image image;
	u64 profile = *(volatile u64 *)&entry->profile;
	return profile && find_image(&image, profile) && image.placed->flags & IMAGE_FLAG_SOURCES ? -EAGAIN : 0;
}

// set_up labels a task that has come into a cgroup, unless it has a container already. The kernel tells of
// a move to the cgroup where the task was, too: a thread of the container's own, that has no label yet, does
// not come from outside.
static __always_inline void set_up(struct task_struct *task, struct cgroup *cgroup)
{
	u32 id = container_of_cgroup(cgroup);
	if (!id)
		return;
	struct label *first = bpf_task_storage_get(&labels, task->group_leader, 0, 0);
	if (first && first->container && container(first->container))
		return;
	struct label *label = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label) {
		count(COUNT_LABELS_MISSING);
		return;
	}
	if (label->container && container(label->container))
		return;
	label->source_profile = 0;
	struct container *c = container(id);
	u32 state = c ? c->state : 0;
	label->flags = state & STARTING ? LABEL_SETUP : state & ADMITTING ? 0 : LABEL_SETUP | LABEL_ENTERED;
	label->container = id;
}

// A group that moves is named by its first thread; the others find their label there once
// the epoch has moved.
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(task_moved, struct cgroup *cgroup, const char *path, struct task_struct *task, bool group)
{
	if (cgroup->root->hierarchy_id)
		return 0; // cgroup v1: ids of its own
	set_up(task, cgroup);
	__sync_fetch_and_add(&epoch, 1);
	return 0;
}

// find_again labels a task that was being made while its parent, or its cgroup, became a container's: it
// was not there to be labelled with the others.
static __always_inline void find_again(struct task_struct *task)
{
	u32 now = epoch;
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (!label || label->container)
		return;
	struct label *parent = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
	if (parent && parent->container && container(parent->container)) {
		struct label copy = *parent;
		copy.handle = 0;
		copy.flags &= ~LABEL_EXEC;
		*label = copy;
	} else if (label->epoch != now) {
		find_label(task, now);
	}
}

// A task cloned into a cgroup never moved.
SEC("tp_btf/task_newtask")
int BPF_PROG(task_cloned, struct task_struct *task, unsigned long clone_flags)
{
	if (clone_flags & CLONE_INTO_CGROUP)
		set_up(task, task->cgroups->dfl_cgrp);
	else
		find_again(task);
	return 0;
}
