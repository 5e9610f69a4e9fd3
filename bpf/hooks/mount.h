// Mounts. Being mounted on, moved or unmounted as a mount point is a write of that name.
// And a container under rules about paths may not mount a file system that shows other files
// under inodes of its own: what is blocked could be had there.
#pragma once

#include "../headers/name.h"
#include "../headers/proc.h"

// include/uapi/linux/mount.h
#define MS_REMOUNT 32ul
#define MS_BIND 4096ul
#define MS_MOVE 8192ul
#define MS_PROPAGATION (1ul << 17 | 1ul << 18 | 1ul << 19 | 1ul << 20)

// judge_place decides on a mount point, given by the address of its directory entry; none
// where what is mounted there can't be told.
static __always_inline int judge_place(const struct scene *scene, struct scratch *s, struct dentry *dentry, bool unknown)
{
	s32 start = NAME_NONE;
	u64 set = UNNAMED;
	s->from = (u64)dentry;
	if (dentry)
		start = slow_name(s, scene->id, 0);
	if (unreadable(start))
		return -EACCES;
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	if (start >= 0 && BPF_CORE_READ(sb, s_magic) == PROC_SUPER_MAGIC) {
		s->walk.sb = (u64)sb;
		start = mark_self(s, start);
	}
	if (start >= 0)
		set = file_set(&scene->image, &s->path[within(start)], PATH_END - start);
	u64 known = forget(s, conditions(scene, BPF_CORE_READ(dentry, d_inode, i_uid.val)));
	if (scene->image.placed->flags & IMAGE_FLAG_OTHER_TASK)
		known = with_proc(s, known, BPF_CORE_READ(sb, s_magic));
	u64 decision = decide_file(&scene->image, set, IMAGE_FILE_WRITE, known);
	if (cut(start))
		decision = worse(decision, decide_file(&scene->image, UNNAMED, IMAGE_FILE_WRITE, known));
	if (unknown)
		decision = worse(decision, decide_alone(&scene->image, scene->image.placed->handle_write));
	if (reports(decision)) {
		struct event *e = begin_event(scene, s, decision, EVENT_FILE);
		e->flags |= EVENT_WRITE;
		s->from = (u64)dentry;
		start = event_name(s, e, dentry, start);
		send_event(s, start);
	}
	return denies(decision) ? -EACCES : 0;
}

static __always_inline int judge_places(struct dentry *first, struct dentry *second, bool unknown)
{
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_FILE);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	int verdict = 0;
	if (first)
		verdict = judge_place(&scene, s, first, unknown);
	if (!verdict && second)
		verdict = judge_place(&scene, s, second, false);
	release(s);
	return verdict;
}

// point_of returns the mount point of a mount that is attached somewhere, else nothing.
static __always_inline struct dentry *point_of(struct vfsmount *mnt)
{
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *parent = BPF_CORE_READ(mount, mnt_parent);
	return parent == mount ? 0 : BPF_CORE_READ(mount, mnt_mountpoint);
}

// The old call mounts, binds, moves, and changes mounts that are there.
SEC("lsm/sb_mount")
int BPF_PROG(check_mount, const char *device, struct path *path, const char *type, unsigned long flags, void *data, int ret)
{
	if (ret || flags & MS_REMOUNT)
		return ret;
	if (!(flags & MS_BIND) && flags & MS_PROPAGATION)
		return 0;
	// What moves is told by a name that the kernel has not looked up yet: it could be any.
	return judge_places(path->dentry, 0, !(flags & MS_BIND) && flags & MS_MOVE);
}

SEC("lsm/move_mount")
int BPF_PROG(check_move_mount, struct path *from, struct path *to, int ret)
{
	return ret ? ret : judge_places(to->dentry, point_of(from->mnt), false);
}

SEC("lsm/sb_umount")
int BPF_PROG(check_umount, struct vfsmount *mnt, int flags, int ret)
{
	return ret ? ret : judge_places(point_of(mnt), 0, false);
}

// The new root leaves its mount point, and the old one is mounted on a directory.
SEC("lsm/sb_pivotroot")
int BPF_PROG(check_pivot, struct path *old_root, struct path *new_root, int ret)
{
	return ret ? ret : judge_places(old_root->dentry, point_of(new_root->mnt), false);
}

// own_files says that a file system holds nothing but what is put into it while it is mounted,
// or what the kernel makes up.
static __always_inline bool own_files(unsigned long magic)
{
	switch (magic) {
	case 0x01021994: // tmpfs, devtmpfs
	case 0x858458f6: // ramfs
	case 0x958458f6: // hugetlbfs
	case PROC_SUPER_MAGIC:
	case 0x62656572: // sysfs
	case 0x19800202: // mqueue
	case 0x1cd1: // devpts
	case 0x27e0eb: // cgroup
	case 0x63677270: // cgroup2
	case 0x73636673: // securityfs
	case 0x64626720: // debugfs
	case 0x74726163: // tracefs
	case 0xcafe4a11: // bpf
	case 0x42494e4d: // binfmt_misc
	case 0x65735543: // fusectl
	case 0x62656570: // configfs
	case 0x6165676c: // pstore
	case 0xf97cff8c: // selinuxfs
	case 0x6c6f6f70: // binderfs
		return true;
	}
	return false;
}

#define TYPE_MAX 64

// put_type writes the name of a file system's type where a name stands.
static __always_inline u32 put_type(struct scratch *s, const char *name)
{
	long n = bpf_probe_read_kernel_str(s->other, TYPE_MAX, name);
	u32 len = (n - 1) & (TYPE_MAX - 1);
	if (n < 2)
		return PATH_END;
	bpf_probe_read_kernel(&s->path[within(PATH_END - len)], len, name);
	return PATH_END - len;
}

// judge_foreign decides on having files of a file system under other names.
static __always_inline int judge_foreign(struct super_block *sb)
{
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_FILE | IMAGE_FLAG_EXEC);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	u64 decision = decide_alone(&scene.image, scene.image.placed->foreign);
	if (reports(decision)) {
		struct scratch *s = claim();
		if (s) {
			struct event *e = begin_event(&scene, s, decision, EVENT_FILE);
			e->flags |= EVENT_WRITE | EVENT_UNNAMED;
			send_event(s, put_type(s, sb->s_type->name));
			release(s);
		}
	}
	return denies(decision) ? -EACCES : 0;
}

// Both ways to mount a file system come here once its superblock is known.
SEC("lsm/sb_kern_mount")
int BPF_PROG(check_foreign, struct super_block *sb, int ret)
{
	return ret || own_files(sb->s_magic) ? ret : judge_foreign(sb);
}
