// What is ours is no container's business: our programs, links, maps and their pins, and the
// agent's process. Tasks of no container, the host's administrator among them, are not concerned.
#pragma once

#include "label.h"

#define BPF_FS_MAGIC 0xcafe4a11
#define PIN_DEPTH 4 // of the deepest pin: pins/SET/maps/MAP

// contained says that the running task belongs to a container. It is asked last.
static __always_inline bool contained(void)
{
	struct container *entry;
	current_label(bpf_get_current_task_btf(), &entry);
	if (!entry)
		return false;
	count(COUNT_TAMPERING);
	return true;
}

static __always_inline bool ours(u32 kind, u32 id)
{
	struct guarded_key key = {.kind = kind, .id = id};
	return bpf_map_lookup_elem(&guarded, &key);
}

// guards_switch says that the running task may not write that file of /proc, whose entry's address it gets:
// kernel.ftrace_enabled, which takes every program of ours off its hook. A global function: see claim_slot.
__noinline int guards_switch(u64 entry)
{
	struct dentry *dentry = (struct dentry *)entry;
	u64 name[2] = {};
	if (!dentry || BPF_CORE_READ(dentry, d_name.len) != 14 || bpf_probe_read_kernel(name, 14, BPF_CORE_READ(dentry, d_name.name)))
		return false;
	// "ftrace_e" "nabled", little-endian
	return name[0] == 0x655f656361727466ull && name[1] == 0x64656c62616eull && contained();
}

// guards_pin says that the running task may not make, remove or rename that entry: it is a pin
// or a folder of pins, by whatever mount it is reached.
static __always_inline bool guards_pin(struct dentry *dentry)
{
	if (dentry->d_sb->s_magic != BPF_FS_MAGIC)
		return false;
	struct node *node = this_node();
	if (!node || dentry->d_sb->s_dev != node->pins_device)
		return false;
	for (int i = 0; i < PIN_DEPTH; i++) {
		struct inode *inode = dentry->d_inode;
		if (inode && BPF_CORE_READ(inode, i_ino) == node->pins)
			return contained();
		dentry = dentry->d_parent;
	}
	return false;
}
