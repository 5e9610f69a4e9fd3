// File rules: opening, and every change of a directory or of a file's attributes that has
// a hook with a path. Names are origin names; a file is judged when it is opened.
#pragma once

#include "../headers/guard.h"
#include "../headers/name.h"
#include "../headers/proc.h"
#include "../headers/verdict.h"
#include "code.h"

#define READS 1u
#define WRITES 2u
#define FRESH 4u     // the entry is being made: it need not be in a directory yet
#define NAMELESS 8u  // the file was made without a name
#define OPENS 16u    // a file is being opened
#define ENTRY_ALONE 32u // the hook shows no mount

static __always_inline u64 decide_access(const struct image *image, u64 set, u32 access, u64 known)
{
	u64 decision = 0;
	if (access & READS)
		decision = decide_file(image, set, IMAGE_FILE_READ, known);
	if (access & WRITES)
		decision = worse(decision, decide_file(image, set, IMAGE_FILE_WRITE, known));
	return decision;
}

// remember keeps a verdict, where it is one on the file's only name, whoever asks.
static __always_inline void remember(const struct scene *scene, struct scratch *s, struct dentry *dentry, u64 set, u32 access)
{
	if (!remembers || s->renames & 1 || *(volatile u32 *)&s->seen || scene->handle ||
	    !names_are_local(dentry->d_sb->s_magic) || !name_is_steady(dentry))
		return;
	if ((access & READS && !answers_alike(&scene->image, set, IMAGE_FILE_READ)) ||
	    (access & WRITES && !answers_alike(&scene->image, set, IMAGE_FILE_WRITE)))
		return;
	keep_verdict(scene, s, dentry, access & (READS | WRITES));
}

// borrowed_rights says that the task acts with rights other than its own, as the kernel does
// where it passes a change on to the file below a stacked file system. That was judged above;
// the file below has no name in the container.
static __always_inline bool borrowed_rights(struct task_struct *task)
{
	return task->cred != task->real_cred;
}

// judge_name decides on one name and sends its event.
static __always_inline int judge_name(const struct scene *scene, struct scratch *s, struct dentry *dentry, struct vfsmount *mnt, u32 owner, u32 access)
{
	u64 set = UNNAMED;
	s32 start = NAME_NONE;
	if (!(access & NAMELESS))
		start = name_on(s, scene->container, scene->id, dentry, mnt);
	if (unreadable(start))
		return -EACCES;
	if (start == NAME_NONE && access & ENTRY_ALONE && borrowed_rights(scene->task))
		return 0;
	if (start >= 0 && dentry->d_sb->s_magic == PROC_SUPER_MAGIC) {
		s->walk.sb = (u64)dentry->d_sb;
		start = mark_self(s, start);
	}
	if (start >= 0)
		set = file_set(&scene->image, &s->path[within(start)], PATH_END - start);
	*(volatile u64 *)&s->from = (u64)dentry;
	u64 known = forget(s, conditions(scene, owner));
	if (scene->image.placed->flags & IMAGE_FLAG_OTHER_TASK)
		known = with_proc(s, known, dentry->d_sb->s_magic);
	u64 decision = decide_access(&scene->image, set, access, known);
	// A deleted file is blocked by the name it had last, and allowed by none.
	if (cut(start) || (start > 0 && !(access & FRESH) && deleted(dentry)))
		decision = worse(decision, decide_access(&scene->image, UNNAMED, access, known));
	if (start == NAME_LOST || (access & OPENS && by_handle(scene, s, dentry)))
		decision = worse(decision, decide_alone(&scene->image, access & WRITES ? scene->image.placed->handle_write : scene->image.placed->handle_read));
	if (reports(decision)) {
		struct event *e = begin_event(scene, s, decision, EVENT_FILE);
		if (access & READS)
			e->flags |= EVENT_READ;
		if (access & WRITES)
			e->flags |= EVENT_WRITE;
		if (access & FRESH)
			e->flags |= EVENT_CREATED;
		start = event_name(s, e, dentry, start);
		send_event(s, start);
	} else if (access & OPENS && start >= 0 && !denies(decision)) {
		remember(scene, s, dentry, set, access);
	}
	return denies(decision) ? -EACCES : 0;
}

// owner_of returns who owns the file that an entry names, or is about to.
static __always_inline u32 owner_of(struct dentry *dentry, u32 access)
{
	if (access & FRESH)
		return OWN_FILE;
	struct inode *inode = dentry->d_inode;
	// Else it would be loaded once more behind the check, which newer verifiers see.
	barrier_var(inode);
	return inode ? inode->i_uid.val : OWN_FILE;
}

static __always_inline int judge_inside(const struct scene *scene, struct dentry *dentry, struct vfsmount *mnt, u32 access)
{
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	// Both before the name is read.
	*(volatile u32 *)&s->names = scene->container->names;
	*(volatile u32 *)&s->links = links;
	u32 owner = owner_of(dentry, access);
	int verdict = judge_name(scene, s, dentry, mnt, owner, access & OPENS ? forget(s, access) : access);
	release(s);
	return verdict;
}

static __always_inline int judge_file(struct dentry *dentry, struct vfsmount *mnt, u32 access)
{
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_FILE);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	return judge_inside(&scene, dentry, mnt, access);
}

static __always_inline int judge_open(struct label *label, struct scene *scene, struct file *file, u32 access)
{
	enum entrance entrance = enter_with(label, scene, IMAGE_FLAG_FILE);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	return judge_inside(scene, file->f_path.dentry, file->f_path.mnt, access | OPENS);
}

// stacked says that the kernel opens the file on behalf of a stacked file system, with the
// rights of who mounted it, on a mount of its own.
static __always_inline bool stacked(struct file *file)
{
	if (file->f_mode & FMODE_NOACCOUNT)
		return true;
	if (!borrowed_rights(bpf_get_current_task_btf()))
		return false;
	struct mount *mount = (void *)file->f_path.mnt - bpf_core_field_offset(struct mount, mnt);
	return (u64)BPF_CORE_READ(mount, mnt_ns) == MNT_NS_INTERNAL;
}

SEC("lsm/file_open")
int BPF_PROG(check_open, struct file *file, int ret)
{
	u32 access = 0;
	if (ret)
		return ret;
	// Most opens are of tasks of no container: nothing else is read before that is known.
	struct scene scene = {.task = bpf_get_current_task_btf()};
	struct label *label = bpf_task_storage_get(&labels, scene.task, 0, 0);
	if (outside(label))
		return 0;
	u32 flags = file->f_flags, mode = file->f_mode;
	barrier_var(flags);
	barrier_var(mode);
	// What is opened to be exec'ed is the process rules' business. XFS, which opens by handle as well,
	// takes the flag from its caller.
	if (flags & FILE_EXEC_FLAG && !just_decoded(label, file->f_path.dentry))
		return judge_loader(file);
	if (mode & FMODE_READ)
		access |= READS;
	// A file that this open has made was judged before it was made.
	if ((mode & FMODE_WRITE || flags & O_TRUNC) && !(mode & FMODE_CREATED))
		access |= WRITES;
	if (label)
		scene.container = container(label->container);
	if (label && !(mode & FMODE_CREATED) && remembered(label, &scene, file, access))
		return 0;
	// Pipes, sockets, anonymous inodes, memfds and namespaces live on mounts of the kernel's.
	if (file->f_path.mnt->mnt_flags & MNT_INTERNAL || stacked(file))
		return 0;
	if (access & WRITES && file->f_path.dentry->d_sb->s_magic == PROC_SUPER_MAGIC && guards_switch((u64)BPF_CORE_READ(file, f_path.dentry)))
		return -EPERM;
	if (mode & FMODE_CREATED && deleted(file->f_path.dentry))
		access |= WRITES | NAMELESS;
	return access ? judge_open(label, &scene, file, access) : 0;
}

// An open with O_CREAT asks before it looks whether the file is there. In /proc nothing can be
// made, so there an open of /proc/self/fd/1 must not be taken for the making of a file.
SEC("lsm/path_mknod")
int BPF_PROG(check_mknod, struct path *dir, struct dentry *dentry, unsigned short mode, unsigned int dev, int ret)
{
	if (!ret && guards_pin(dentry))
		return -EPERM;
	if (ret || dentry->d_sb->s_magic == PROC_SUPER_MAGIC)
		return ret;
	return judge_file(dentry, dir->mnt, WRITES | FRESH);
}

SEC("lsm/path_mkdir")
int BPF_PROG(check_mkdir, struct path *dir, struct dentry *dentry, unsigned short mode, int ret)
{
	if (!ret && guards_pin(dentry))
		return -EPERM;
	return ret ? ret : judge_file(dentry, dir->mnt, WRITES | FRESH);
}

SEC("lsm/path_symlink")
int BPF_PROG(check_symlink, struct path *dir, struct dentry *dentry, const char *target, int ret)
{
	if (!ret && guards_pin(dentry))
		return -EPERM;
	return ret ? ret : judge_file(dentry, dir->mnt, WRITES | FRESH);
}

SEC("lsm/path_unlink")
int BPF_PROG(check_unlink, struct path *dir, struct dentry *dentry, int ret)
{
	if (!ret && guards_pin(dentry))
		return -EPERM;
	return ret ? ret : judge_file(dentry, dir->mnt, WRITES);
}

SEC("lsm/path_rmdir")
int BPF_PROG(check_rmdir, struct path *dir, struct dentry *dentry, int ret)
{
	if (!ret && guards_pin(dentry))
		return -EPERM;
	return ret ? ret : judge_file(dentry, dir->mnt, WRITES);
}

SEC("lsm/path_truncate")
int BPF_PROG(check_truncate, struct path *path, int ret)
{
	return ret ? ret : judge_file(path->dentry, path->mnt, WRITES);
}

SEC("lsm/path_chmod")
int BPF_PROG(check_chmod, struct path *path, unsigned short mode, int ret)
{
	return ret ? ret : judge_file(path->dentry, path->mnt, WRITES);
}

SEC("lsm/path_chown")
int BPF_PROG(check_chown, struct path *path, unsigned long long uid, unsigned long long gid, int ret)
{
	return ret ? ret : judge_file(path->dentry, path->mnt, WRITES);
}
