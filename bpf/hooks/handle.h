// Opening by handle. The kernel asks no security module about it, so the entry that a handle
// was decoded to is remembered until the task opens a file: if it is that entry, it is opened
// by handle. File systems decode handles for purposes of their own; those entries are not opened.
#pragma once

#include "../headers/scene.h"

SEC("fexit/exportfs_decode_fh_raw")
int handle_decoded(u64 *ctx)
{
	struct container *entry;
	struct task_struct *task = bpf_get_current_task_btf();
	u64 dentry = 0;
	if (bpf_get_func_ret(ctx, &dentry))
		return 0;
	current_label(task, &entry);
	if (!entry)
		return 0;
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (label)
		label->handle = handle_of(dentry);
	return 0;
}
