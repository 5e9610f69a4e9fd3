// Reaching into another task: ptrace, /proc/PID/mem, process_vm_writev, pidfd_getfd. A task
// may not where the other's program is granted more, for it could act through it.
#pragma once

#include "../headers/name.h"
#include "../headers/trace.h"

// judge_trace decides on reaching into a task and sends the event.
static __always_inline int judge_trace(const struct scene *scene, struct task_struct *target)
{
	struct scratch *s;
	u64 decision = decide_reach(&scene->image, scene->id, scene->source, target);
	if (reports(decision) && (s = claim())) {
		report_trace(scene, s, decision, BPF_CORE_READ(target, mm, exe_file));
		release(s);
	}
	return denies(decision) ? -EACCES : 0;
}

// Everything but reading what /proc shows asks to attach. The kernel asks the same for
// reading a task's memory as for writing it.
SEC("lsm/ptrace_access_check")
int BPF_PROG(check_trace, struct task_struct *child, unsigned int mode, int ret)
{
	struct scene scene;
	if (ret || !(mode & PTRACE_MODE_ATTACH))
		return ret;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_TRACE);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	return judge_trace(&scene, child);
}

// A task asks its parent to ptrace it.
SEC("lsm/ptrace_traceme")
int BPF_PROG(check_traceme, struct task_struct *parent, int ret)
{
	struct scene scene;
	if (ret)
		return ret;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_TRACE);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	if (!(scene.image.placed->flags & IMAGE_FLAG_SOURCES))
		return 0;
	u64 decision = decide_traced(&scene.image, scene.id, scene.source, parent);
	struct task_struct *task = scene.task;
	struct scratch *s;
	if (reports(decision) && (s = claim())) {
		report_trace(&scene, s, decision, BPF_CORE_READ(task, mm, exe_file));
		release(s);
	}
	return denies(decision) ? -EACCES : 0;
}
