// Guarding what is ours against containers with CAP_BPF, CAP_SYS_ADMIN and the like. Their other
// use of BPF goes on.
#pragma once

#include "../headers/guard.h"

// A descriptor of a map or program is made here, however it was asked for: by number, from a
// pin, or when it is created.
SEC("lsm/bpf_map")
int BPF_PROG(guard_map, struct bpf_map *map, unsigned int fmode)
{
	return ours(GUARDED_MAP, map->id) && contained() ? -EPERM : 0;
}

SEC("lsm/bpf_prog")
int BPF_PROG(guard_program, struct bpf_prog *prog)
{
	return ours(GUARDED_PROGRAM, prog->aux->id) && contained() ? -EPERM : 0;
}

#define BPF_LINK_GET_FD_BY_ID 30

// Links have no hook of their own. attr is the kernel's copy.
SEC("lsm/bpf")
int BPF_PROG(guard_call, int cmd, union bpf_attr *attr, unsigned int size)
{
	u32 id = 0;
	if (cmd != BPF_LINK_GET_FD_BY_ID)
		return 0;
	bpf_probe_read_kernel(&id, sizeof(id), attr);
	return ours(GUARDED_LINK, id) && contained() ? -EPERM : 0;
}

// Where a container has got into the host's mounts, it does not take the pins' file system away.
SEC("lsm/sb_umount")
int BPF_PROG(guard_umount, struct vfsmount *mnt, int flags)
{
	struct node *node = this_node();
	if (mnt->mnt_sb->s_magic != BPF_FS_MAGIC || !node || mnt->mnt_sb->s_dev != node->pins_device)
		return 0;
	return contained() ? -EPERM : 0;
}

static __always_inline bool is_agent(struct task_struct *task)
{
	struct node *node = this_node();
	return node && node->agent && task->tgid == node->agent;
}

SEC("lsm/task_kill")
int BPF_PROG(guard_signal, struct task_struct *task, struct kernel_siginfo *info, int signal, const struct cred *cred)
{
	return signal && is_agent(task) && contained() ? -EPERM : 0;
}

// A signal that the kernel sends because a descriptor is ready asks here, in whatever task made it so.
// The agent asks for none.
SEC("lsm/file_send_sigiotask")
int BPF_PROG(guard_ready, struct task_struct *task, struct fown_struct *owner, int signal)
{
	return is_agent(task) ? -EPERM : 0;
}

// A limit on its time would end it.
SEC("lsm/task_setrlimit")
int BPF_PROG(guard_limits, struct task_struct *task, unsigned int resource, struct rlimit *limit)
{
	return is_agent(task) && contained() ? -EPERM : 0;
}

SEC("lsm/task_setscheduler")
int BPF_PROG(guard_scheduling, struct task_struct *task)
{
	return is_agent(task) && contained() ? -EPERM : 0;
}

SEC("lsm/task_setnice")
int BPF_PROG(guard_niceness, struct task_struct *task, int nice)
{
	return is_agent(task) && contained() ? -EPERM : 0;
}

// Reading its memory, taking its descriptors and walking into its root ask here too.
SEC("lsm/ptrace_access_check")
int BPF_PROG(guard_agent, struct task_struct *task, unsigned int mode)
{
	return is_agent(task) && contained() ? -EPERM : 0;
}

// That the agent has ended is known at once, not when its next sign of life fails to come.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(agent_ended, struct task_struct *task)
{
	struct node *node = this_node();
	if (node && node->agent && task->pid == node->agent)
		node->agent = 0;
	return 0;
}
