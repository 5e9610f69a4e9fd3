// What makes remembered verdicts void: an inode that is freed, or that gets or loses a name. Renames
// show by the kernel's own counter.
#pragma once

#include "../headers/verdict.h"

// Another inode may come to stand at its address.
SEC("lsm/inode_free_security")
int BPF_PROG(forget_inode, struct inode *inode)
{
	struct verdict *v = place_of_verdict(low_bits(inode));
	if (!v || *(volatile u64 *)&v->inode != (u64)inode)
		return 0;
	u64 version = *(volatile u64 *)&v->version;
	// If another task is writing it, that is not about this inode, which nobody has open.
	if (!claim_verdict(v, version))
		return 0;
	v->inode = 0;
	release_verdict(v, version);
	return 0;
}

SEC("lsm/inode_link")
int BPF_PROG(name_added, struct dentry *old, struct inode *directory, struct dentry *new, int ret)
{
	__sync_fetch_and_add(&links, 1);
	return ret;
}

// Up to its last name an inode has the one that it is remembered by; of several any may be left.
SEC("lsm/inode_unlink")
int BPF_PROG(name_removed, struct inode *directory, struct dentry *entry, int ret)
{
	struct inode *inode = entry->d_inode;
	barrier_var(inode);
	if (inode && inode->i_nlink > 1)
		__sync_fetch_and_add(&links, 1);
	return ret;
}
