// The start gate: what becomes of a program that starts in a pod while no agent answers, so
// that nobody has said which policies hold for it.
#pragma once

#include "label.h"

// answers says that the agent is there. A stopped one is not.
static __always_inline bool answers(const struct node *node, u64 now)
{
	return node->agent && now - node->heartbeat <= node->answers_for;
}

// start_parent_of finds the nearest cgroup above that pods, or what is exempt, start below of.
static __always_inline u32 start_parent_of(struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_DEPTH && cgroup; i++) {
		u64 id = cgroup->kn->id;
		u32 *parent = bpf_map_lookup_elem(&start_parents, &id);
		if (parent)
			return *parent;
		struct cgroup_subsys_state *above = cgroup->self.parent;
		if (!above)
			break;
		cgroup = above->cgroup;
	}
	return 0;
}

// start_gate judges an exec that no policy judges.
static __always_inline int start_gate(void)
{
	struct node *node = this_node();
	if (!node || node->quiet || !node->start_gate)
		return 0;
	u64 now = bpf_ktime_get_boot_ns();
	if (answers(node, now))
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	struct container *entry;
	current_label(task, &entry);
	if (entry || start_parent_of(task->cgroups->dfl_cgrp) != PARENT_OF_PODS)
		return 0;
	if (!node->start_closed) {
		count(COUNT_STARTS_OPEN);
		return 0;
	}
	if (now - node->heartbeat > node->opens_after) {
		count(COUNT_STARTS_LATE);
		return 0;
	}
	count(COUNT_STARTS_REFUSED);
	return -EACCES;
}
