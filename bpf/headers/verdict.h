// Verdicts on opens that are remembered, so that the same file need not be named again. What an
// entry says holds as long as the name that was judged would be read again; why that is so, and
// what each of its members is for, is told in docs/design/verdicts.md.
#pragma once

#include "scene.h"

#define RWSEM_WRITER 1 // RWSEM_WRITER_LOCKED
#define EXT_SUPER_MAGIC 0xef53 // ext2 to ext4
#define XFS_SUPER_MAGIC 0x58465342
#define BTRFS_SUPER_MAGIC 0x9123683e
#define TMPFS_MAGIC 0x01021994
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

#define VERDICT_AGE 15000 // jiffies, 15 to 150 seconds: no counter comes round in that time

// Off where loads are not seen in the order of the stores, and where a lock does not show who holds it.
const volatile bool remembers = false;

static __always_inline struct verdict *place_of_verdict(u32 inode)
{
	u32 at = (inode >> 5 ^ inode >> 17) & (VERDICTS - 1);
	return bpf_map_lookup_elem(&verdicts, &at);
}

// claim_verdict makes the version odd; 0: another does.
static __always_inline bool claim_verdict(struct verdict *v, u64 version)
{
	return !(version & 1) && __sync_val_compare_and_swap(&v->version, version, version + 1) == version;
}

static __always_inline void release_verdict(struct verdict *v, u64 version)
{
	__sync_lock_test_and_set(&v->version, version + 2);
}

// remembered says that the running task, whose label that is, may open the file, and that nobody is to
// be told. It leaves the place of a verdict in the scene.
static __always_inline bool remembered(const struct label *label, struct scene *scene, struct file *file, u32 access)
{
	struct container *c = scene->container;
	if (!remembers || !c || label->flags & LABEL_SETUP || label->handle)
		return false;
	struct inode *inode = file->f_inode;
	scene->place = place_of_verdict(low_bits(inode));
	volatile struct verdict *v = scene->place;
	if (!v)
		return false;
	u64 version = v->version;
	struct dentry *dentry = file->f_path.dentry;
	if (version & 1 || v->inode != (u64)inode || v->dentry != (u64)dentry || v->container != label->container ||
	    v->profile != c->profile || v->names != c->names || v->links != links || access & ~v->access ||
	    (u32)bpf_jiffies64() - v->since > VERDICT_AGE || v->renames != rename_sequence() || v->version != version)
		return false;
	return dentry->d_hash.pprev;
}

// name_is_steady says that a file has the name of its entry alone, and is not losing it. Who takes
// a name away holds the lock of its directory until the entry shows it; so that is looked at first.
static __always_inline bool name_is_steady(struct dentry *dentry)
{
	if (!bpf_core_field_exists(struct rw_semaphore, count))
		return false;
	struct dentry *parent = dentry->d_parent;
	struct inode *directory = parent->d_inode, *inode = dentry->d_inode;
	if (!directory || !inode || directory->i_rwsem.count.counter & RWSEM_WRITER)
		return false;
	barrier();
	return dentry->d_hash.pprev && (inode->i_nlink == 1 || (inode->i_mode & S_IFMT) == S_IFDIR);
}

// names_are_local says that no name on a file system of that type changes behind the kernel's back.
static __always_inline bool names_are_local(u64 type)
{
	return type == EXT_SUPER_MAGIC || type == XFS_SUPER_MAGIC || type == BTRFS_SUPER_MAGIC || type == TMPFS_MAGIC ||
	       type == OVERLAYFS_SUPER_MAGIC;
}

// keep_verdict puts one on an entry where remembered finds it; names and links are of before its name was read.
static __always_inline void keep_verdict(const struct scene *scene, struct scratch *s, struct dentry *dentry, u32 access)
{
	struct inode *inode = dentry->d_inode;
	struct verdict *v = scene->place;
	if (!v)
		return;
	u64 version = *(volatile u64 *)&v->version;
	if (!claim_verdict(v, version))
		return;
	v->inode = (u64)inode;
	v->dentry = (u64)dentry;
	v->profile = scene->profile;
	v->container = scene->id;
	v->names = s->names;
	v->renames = s->renames;
	v->links = s->links;
	v->since = bpf_jiffies64();
	v->access = access;
	release_verdict(v, version);
}
