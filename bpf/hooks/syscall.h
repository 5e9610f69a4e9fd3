// System calls are watched, not judged: what is reported of them changes nothing. Both programs
// are attached only while some profile names a call: every call of every task passes them.
#pragma once

#include "../headers/scene.h"

// row_of returns the row of a call in an image's table, IMAGE_SYSCALL_ROWS for none. A call by the
// 32-bit way is one whatever the program is. The calls that stand for many are told apart by
// their first argument, as the kernel does.
static __always_inline u32 row_of(struct task_struct *task, struct pt_regs *regs, u32 number)
{
	if (task->thread_info.status & TS_COMPAT) {
		if (number == IMAGE_NUMBER_SOCKETCALL && (u32)regs->bx < IMAGE_SYSCALL_IPC - IMAGE_SYSCALL_SOCKETS)
			return IMAGE_SYSCALL_SOCKETS + (u32)regs->bx;
		if (number == IMAGE_NUMBER_IPC && (u16)regs->bx < IMAGE_SYSCALL_ROWS - IMAGE_SYSCALL_IPC)
			return IMAGE_SYSCALL_IPC + (u16)regs->bx;
		return number < IMAGE_SYSCALL_SOCKETS - IMAGE_SYSCALL_I386 ? IMAGE_SYSCALL_I386 + number : IMAGE_SYSCALL_ROWS;
	}
	if (number & X32_SYSCALL_BIT) {
		number &= ~X32_SYSCALL_BIT;
		return number < IMAGE_SYSCALL_I386 - IMAGE_SYSCALL_X32 ? IMAGE_SYSCALL_X32 + number : IMAGE_SYSCALL_ROWS;
	}
	return number < IMAGE_SYSCALL_X32 ? IMAGE_SYSCALL_NATIVE + number : IMAGE_SYSCALL_ROWS;
}

// heeded says that some profile names the call. Nearly every call ends here.
static __always_inline bool heeded(u32 row)
{
	struct node *node = this_node();
	// The bound has to be seen of the very index: the compiler may check another register.
	u32 at = row / 64;
	barrier_var(at);
	if (!node || at >= IMAGE_SYSCALL_ROWS / 64)
		return false;
	return *(volatile u64 *)&node->syscalls[at] >> (row % 64) & 1;
}

static __always_inline bool same_place(const struct call *c, struct pt_regs *regs)
{
	return c->ip == regs->ip && c->sp == regs->sp;
}

// keep_call notes a call that was reported, so that it is not reported again where a signal
// interrupts it and the kernel begins it anew. A signal's handler may make calls meanwhile.
static __always_inline void keep_call(struct task_struct *task, struct pt_regs *regs, u32 row)
{
	struct last_calls *last = bpf_task_storage_get(&calls, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!last)
		return;
	struct call *c = last->calls[0].again ? &last->calls[1] : &last->calls[0];
	c->again = 0;
	c->row = row;
	c->ip = regs->ip;
	c->sp = regs->sp;
}

// begun_anew says that the task has not made the call again: the kernel has. It may do so more than once.
static __always_inline bool begun_anew(struct task_struct *task, struct pt_regs *regs, u32 row)
{
	struct last_calls *last = bpf_task_storage_get(&calls, task, 0, 0);
	if (!last)
		return false;
	for (int i = 0; i < 2; i++) {
		struct call *c = &last->calls[i];
		if (c->again && c->row == row && same_place(c, regs)) {
			c->again = 0;
			return true;
		}
	}
	return false;
}

// What a tracer or seccomp makes of a call has been made of it by now: what is looked at is what
// is carried out, and what seccomp refuses does not come here.
SEC("tp_btf/sys_enter")
int BPF_PROG(enter_syscall, struct pt_regs *regs, long number)
{
	struct scene scene;
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = row_of(task, regs, number);
	if (!heeded(row) || begun_anew(task, regs, row))
		return 0;
	if (enter(&scene, IMAGE_FLAG_SYSCALLS) != INSIDE)
		return 0;
	u64 decision = decide_syscall(&scene.image, row, conditions(&scene, 0));
	if (!reports(decision))
		return 0;
	struct scratch *s = claim();
	if (!s)
		return 0;
	struct event *e = begin_event(&scene, s, decision, EVENT_SYSCALL);
	e->number = row;
	send_event(s, PATH_END);
	release(s);
	keep_call(task, regs, row);
	return 0;
}

// A call that ends so is begun anew by the same number, unless a handler runs that does not want
// that: then the task returns from the handler to behind the call.
SEC("tp_btf/sys_exit")
int BPF_PROG(leave_syscall, struct pt_regs *regs, long result)
{
	bool interrupted = result <= -ERESTARTSYS && result >= -ERESTARTNOHAND;
	long number = regs->orig_ax;
	if (!interrupted && number >= 0)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	struct last_calls *last = bpf_task_storage_get(&calls, task, 0, 0);
	if (!last)
		return 0;
	u32 row = row_of(task, regs, number);
	for (int i = 0; i < 2; i++) {
		struct call *c = &last->calls[i];
		if (!same_place(c, regs))
			continue;
		// By sigreturn, which leaves no number, it is not the end of this call: that has ended.
		c->again = interrupted && c->row == row;
	}
	return 0;
}
