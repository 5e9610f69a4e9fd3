// Who may reach into whom; see policy.DecideTrace.
#pragma once

#include "scene.h"

// label_of returns what is known of another task.
static __always_inline struct label label_of(struct task_struct *task)
{
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (label && label->container && container(label->container))
		return *label;
	label = bpf_task_storage_get(&labels, task->group_leader, 0, 0);
	if (label && label->container && container(label->container))
		return *label;
	struct label found = {.container = container_of_cgroup(task->cgroups->dfl_cgrp)};
	return found;
}

// class_of_task returns the class of another task's program.
static __always_inline u32 class_of_task(const struct image *image, u32 id, struct task_struct *task)
{
	struct source *source = source_kept(task, id);
	if (!source)
		source = source_found(task, id);
	return source ? class_of_source(image, task, source) : SOURCE_REFUSED;
}

// decide_reach decides for a caller of a container on reaching into a task. One that still
// sets the container up is bound by no rules: it is as far away as one outside.
static __always_inline u64 decide_reach(const struct image *image, u32 id, u32 class, struct task_struct *target)
{
	struct label other = label_of(target);
	if (other.container != id || other.flags & LABEL_SETUP)
		return settle(image, image->placed->outside_word, 0);
	if (!(image->placed->flags & IMAGE_FLAG_SOURCES))
		return 0;
	u32 of = class_of_task(image, id, target);
	return of == SOURCE_REFUSED ? DECISION_MALFORMED : decide_trace(image, of, caller(0, class));
}

// decide_traced decides on a program that runs, or is about to, and is ptraced by another task.
static __always_inline u64 decide_traced(const struct image *image, u32 id, u32 class, struct task_struct *tracer)
{
	struct label by = label_of(tracer);
	if (by.container != id || by.flags & LABEL_SETUP)
		return 0; // from outside: a debugger of the host's
	u32 of = class_of_task(image, id, tracer);
	return of == SOURCE_REFUSED ? DECISION_MALFORMED : decide_trace(image, class, caller(0, of));
}

// report_trace sends the event; the resource is the program of the task that is reached into.
static __always_inline void report_trace(const struct scene *scene, struct scratch *s, u64 decision, struct file *program)
{
	begin_event(scene, s, decision, EVENT_TRACE);
	s32 start = NAME_NONE;
	if (program) {
		s->from = (u64)BPF_CORE_READ(program, f_path.dentry);
		start = slow_name(s, scene->id, 1);
	}
	send_event(s, start < 0 || start > PATH_END ? PATH_END : start);
}
