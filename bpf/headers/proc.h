// Whose entry of /proc a file is below of, on whatever mount of it.
#pragma once

#include "label.h"
#include "scratch.h"

#define PROC_DEPTH 16

// is_environ says that an entry is called "environ".
static __always_inline bool is_environ(struct dentry *d)
{
	char name[8] = {};
	if (BPF_CORE_READ(d, d_name.len) != 7 || bpf_probe_read_kernel(name, 7, BPF_CORE_READ(d, d_name.name)))
		return false;
	return *(u64 *)name == 0x6e6f7269766e65ull; // little-endian
}

// of_other_task returns the conditions that hold for the file whose directory entry's address
// is in s->from. An inode of a task's entry names a thread; those below net do not, so the way
// goes up. The caller's own threads are no other task.
__noinline int of_other_task(struct scratch *s)
{
	if (!s)
		return 0;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct dentry *d = (struct dentry *)s->from;
	for (int i = 0; i < PROC_DEPTH; i++) {
		struct inode *inode = BPF_CORE_READ(d, d_inode);
		struct proc_inode *p = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
		struct pid *pid = inode ? BPF_CORE_READ(p, pid) : 0;
		if (pid) {
			struct hlist_node *first = BPF_CORE_READ(pid, tasks[PIDTYPE_PID].first);
			struct task_struct *thread = (void *)first - bpf_core_field_offset(struct task_struct, pid_links[PIDTYPE_PID]);
			if (first && BPF_CORE_READ(thread, tgid) == BPF_CORE_READ(task, tgid))
				return 0;
			int known = 1 << IMAGE_CONDITION_OTHER_TASK;
			if (is_environ((struct dentry *)s->from))
				known |= 1 << IMAGE_CONDITION_OTHER_ENVIRON;
			return known;
		}
		struct dentry *parent = BPF_CORE_READ(d, d_parent);
		if (parent == d || !parent)
			return 0;
		d = parent;
	}
	return 1 << IMAGE_CONDITION_OTHER_TASK;
}
