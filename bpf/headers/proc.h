// Whose entry of /proc a file is below of, on whatever mount of it.
#pragma once

#include "scene.h"

#define PROC_DEPTH 16

// is_environ says that an entry is called "environ".
static __always_inline bool is_environ(struct dentry *d)
{
	char name[8] = {};
	if (BPF_CORE_READ(d, d_name.len) != 7 || bpf_probe_read_kernel(name, 7, BPF_CORE_READ(d, d_name.name)))
		return false;
	return *(u64 *)name == 0x6e6f7269766e65ull; // little-endian
}

// of_other_task returns the conditions that hold for the file of a proc file system whose directory
// entry's address is in s->from. An inode of a task's entry names a thread; those below net do not,
// so the way goes up. The caller's own threads are no other task.
static __always_inline u64 of_other_task(struct scratch *s)
{
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
			u64 known = 1 << IMAGE_CONDITION_OTHER_TASK;
			return is_environ((struct dentry *)s->from) ? known | 1 << IMAGE_CONDITION_OTHER_ENVIRON : known;
		}
		struct dentry *parent = BPF_CORE_READ(d, d_parent);
		if (parent == d || !parent)
			return 0;
		d = parent;
	}
	return 1 << IMAGE_CONDITION_OTHER_TASK;
}

// with_proc adds to the conditions that are known what holds of a file in a file system of some
// type; the address of its directory entry is in s->from. A global function: see claim_slot.
__noinline u64 with_proc(struct scratch *s, u64 known, u64 magic)
{
	if (!s || magic != PROC_SUPER_MAGIC)
		return known;
	return known | of_other_task(s);
}
