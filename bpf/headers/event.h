// Sending an event: only for outcomes that ask for one, so it may cost something.
#pragma once

#include "fold.h"
#include "path.h"

// append_name writes the name of the directory entry in s->from behind the strings that are
// there, and returns its length.
static __always_inline u32 append_name(struct scratch *s, u32 at, u32 id)
{
	if (!s->from || at > 4 * PATH_END - PATH_END)
		return 0;
	s32 start = slow_name(s, id, 1);
	if (start < 0 || start >= PATH_END)
		return 0;
	u32 len = PATH_END - start;
	bpf_probe_read_kernel(&s->strings[at], len & (2 * PATH_END - 1), &s->path[start]);
	return len;
}

// append_program writes the name of a task's executable.
static __always_inline u32 append_program(struct scratch *s, u32 at, struct task_struct *task, u32 id)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	s->from = exe ? (u64)BPF_CORE_READ(exe, f_path.dentry) : 0;
	return append_name(s, at, id);
}

// append_arguments writes the beginning of what read_arguments has left, if anything.
static __always_inline u32 append_arguments(struct scratch *s, u32 at)
{
	u32 len = s->arguments.read;
	if (!len || at > EVENT_STRINGS - EVENT_ARGUMENTS)
		return 0;
	if (len > EVENT_ARGUMENTS)
		len = EVENT_ARGUMENTS;
	barrier_var(len);
	bpf_probe_read_kernel(&s->strings[at], len & (2 * EVENT_ARGUMENTS - 1), s->other);
	return len;
}

// own_number is the number of a process in its own pid namespace.
static __always_inline u32 own_number(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	u32 level = BPF_CORE_READ(pid, level);
	struct upid own = {};
	bpf_probe_read_kernel(&own, sizeof(own), (void *)pid + bpf_core_field_offset(struct pid, numbers) + (level & 63) * sizeof(struct upid));
	return own.nr;
}

// put_terminal writes the name of the task's controlling terminal, such as pts0.
static __always_inline void put_terminal(struct event *e, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	e->tty[0] = 0;
	if (tty)
		bpf_probe_read_kernel_str(e->tty, sizeof(e->tty), &tty->name);
}

// send_event completes s->event and sends it. start is where the resource's name stands in
// s->path, at PATH_END for none.
__noinline int send_event(struct scratch *s, u32 start)
{
	if (!s || start > PATH_END)
		return 0;
	// While two sets of programs are attached, what is denied is denied by the first that is
	// called, and the other is not; what is allowed comes to both.
	struct node *node = this_node();
	if (!s->denied && node && node->quiet)
		return 0;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event *e = &s->event;
	e->time = bpf_ktime_get_boot_ns();
	e->pid = BPF_CORE_READ(task, tgid);
	if (folded(s, start))
		return 0;
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	e->tid = BPF_CORE_READ(task, pid);
	e->ppid = BPF_CORE_READ(parent, tgid);
	e->own_pid = own_number(task);
	e->own_ppid = own_number(parent);
	e->uid = BPF_CORE_READ(task, cred, uid.val);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_kernel(e->parent_comm, sizeof(e->parent_comm), &parent->comm);
	put_terminal(e, task);
	u32 len = PATH_END - start;
	e->resource_len = len;
	if (len)
		bpf_probe_read_kernel(s->strings, len & (2 * PATH_END - 1), &s->path[within(start)]);
	e->source_len = append_program(s, len, task, e->container);
	len += e->source_len;
	e->parent_len = append_program(s, len, parent, e->container);
	len += e->parent_len;
	s->from = (u64)BPF_CORE_READ(task, fs, pwd.dentry);
	e->cwd_len = append_name(s, len, e->container);
	len += e->cwd_len;
	e->arguments_len = append_arguments(s, len);
	len += e->arguments_len;
	if (len > EVENT_STRINGS)
		len = EVENT_STRINGS;
	if (bpf_ringbuf_output(&events, e, sizeof(*e) + len, 0))
		count_many(COUNT_EVENTS_DROPPED, 1 + e->repeats);
	else
		count(COUNT_EVENTS);
	return 0;
}
