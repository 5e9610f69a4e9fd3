// File rules: writes that leave a file's contents alone. Extended attributes, ACLs, times and
// inode flags have hooks that show a directory entry without a mount. chmod, chown and
// truncate come by there as well; file.h judges them by their paths.
#pragma once

#include "file.h"
#include "mount.h"

// no_file says that an entry is of a pipe, a socket, an anonymous inode or a memfd: those are
// on superblocks that nobody can mount.
static __always_inline bool no_file(struct dentry *dentry)
{
	struct super_block *sb = dentry->d_sb;
	unsigned long flags = sb->s_flags;
	return flags & SB_NOUSER || (flags & SB_KERNMOUNT && sb->s_magic == HUGETLBFS_MAGIC);
}

static __always_inline int judge_attribute(struct dentry *dentry)
{
	return no_file(dentry) ? 0 : judge_file(dentry, 0, WRITES | ENTRY_ALONE);
}

// Up to 6.1 ACLs are set by their attributes' names. What is returned for "allowed" is no
// answer: the kernel goes on to ask for capabilities.
SEC("lsm/inode_setxattr")
int BPF_PROG(check_setxattr, void *idmap, struct dentry *dentry, const char *name, const void *value, size_t size, int flags, int ret)
{
	return ret ? ret : judge_attribute(dentry);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(check_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret ? ret : judge_attribute(dentry);
}

SEC("lsm/inode_set_acl")
int BPF_PROG(check_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl, int ret)
{
	return ret ? ret : judge_attribute(dentry);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(check_remove_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret ? ret : judge_attribute(dentry);
}

// sets_times leaves out what path hooks have judged, and what a write does by itself.
static __always_inline bool sets_times(struct iattr *attr)
{
	u32 what = attr->ia_valid;
	return what & (ATTR_ATIME | ATTR_MTIME) && !(what & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE));
}

// Before 6.8 without, and since with, the way the mount maps ids.
SEC("lsm/inode_setattr")
int BPF_PROG(check_setattr, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret || !sets_times(attr) ? ret : judge_attribute(dentry);
}

SEC("lsm/inode_setattr")
int BPF_PROG(check_setattr_mapped, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret || !sets_times(attr) ? ret : judge_attribute(dentry);
}

// has_flags_hook: the kernel asks inode_file_setattr about flags, whichever call sets them.
const volatile bool has_flags_hook = false;

static __always_inline int judge_ioctl(struct file *file, u32 command)
{
	switch (command) {
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
	case FS_IOC_FSSETXATTR:
		if (has_flags_hook && file->f_inode->i_op->fileattr_set)
			return 0;
		break;
	case FS_IOC_ENABLE_VERITY:
	case FAT_IOCTL_SET_ATTRIBUTES:
	case BTRFS_IOC_SUBVOL_SETFLAGS:
		break;
	// A snapshot has the files of a volume under another name, and the others tell them or what they
	// hold without opening one. The names of what they make and remove are the caller's text.
	case BTRFS_IOC_SNAP_CREATE:
	case BTRFS_IOC_SNAP_CREATE_V2:
	case BTRFS_IOC_SUBVOL_CREATE:
	case BTRFS_IOC_SUBVOL_CREATE_V2:
	case BTRFS_IOC_SNAP_DESTROY:
	case BTRFS_IOC_SNAP_DESTROY_V2:
	case BTRFS_IOC_TREE_SEARCH:
	case BTRFS_IOC_TREE_SEARCH_V2:
	case BTRFS_IOC_SEND:
	case BTRFS_IOC_SEND_32: {
		struct super_block *sb = file->f_path.dentry->d_sb;
		return sb->s_magic == BTRFS_SUPER_MAGIC ? judge_foreign(sb) : 0;
	}
	default:
		return 0;
	}
	if (file->f_path.mnt->mnt_flags & MNT_INTERNAL || stacked(file))
		return 0;
	return judge_file(file->f_path.dentry, file->f_path.mnt, WRITES);
}

SEC("lsm/file_ioctl")
int BPF_PROG(check_ioctl, struct file *file, unsigned int command, unsigned long arg, int ret)
{
	return ret ? ret : judge_ioctl(file, command);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(check_ioctl_compat, struct file *file, unsigned int command, unsigned long arg, int ret)
{
	return ret ? ret : judge_ioctl(file, command);
}

SEC("lsm/inode_file_setattr")
int BPF_PROG(check_file_setattr, struct dentry *dentry, void *attributes, int ret)
{
	return ret ? ret : judge_attribute(dentry);
}
