// Process rules: making a file's mapping, or memory, executable; and the loader of a program that
// is executed, which is mapped as well.
#pragma once

#include "../headers/name.h"

#define CODE_MEMORY 1u // what becomes executable is memory, or what a file was before it was changed
#define CODE_LOADER 2u // the file is the loader of a program that is executed

// judge_memory decides on what is no file.
static __always_inline int judge_memory(const struct scene *scene, struct scratch *s)
{
	u64 decision = decide_memory(&scene->image);
	if (reports(decision)) {
		begin_event(scene, s, decision, EVENT_EXEC)->flags = EVENT_MEMORY;
		send_event(s, PATH_END);
	}
	return denies(decision);
}

// judge_mapped decides on the file whose entry's and mount's addresses it gets, at the pace of
// slow_name.
static __always_inline int judge_mapped(const struct scene *scene, struct scratch *s, u64 entry, u64 mount, u32 owner, u32 column)
{
	s->from = entry;
	s->mount = mount;
	s32 start = slow_name(s, scene->id, 0);
	if (start == NAME_NONE)
		start = seen_name(s, scene->id);
	if (unreadable(start))
		return true;
	u64 decision = 0; // no rule is about a file without a name
	if (start >= 0) {
		u64 set = program_set(&scene->image, &s->path[within(start)], PATH_END - start);
		decision = decide_exec(&scene->image, set, column, conditions(scene, owner));
	} else if (start == NAME_LOST) {
		decision = decide_alone(&scene->image, scene->image.placed->handle_exec);
	}
	if (reports(decision)) {
		struct event *e = begin_event(scene, s, decision, EVENT_EXEC);
		e->flags = EVENT_MAPPED;
		send_event(s, event_name(s, e, (struct dentry *)entry, start));
	}
	return denies(decision);
}

// judge_code says whether making something executable is denied: memory, the file of a directory
// entry, or both. It is a global function: it is verified once, and not once more for each way
// on which a hook comes to it.
__noinline int judge_code(u64 entry, u64 mount, u32 owner, u32 what)
{
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_MAPPINGS | IMAGE_FLAG_MEMORY);
	if (entrance != INSIDE)
		return entrance == REFUSED;
	u32 flags = scene.image.placed->flags;
	bool memory = what & CODE_MEMORY && flags & IMAGE_FLAG_MEMORY, file = entry && flags & IMAGE_FLAG_MAPPINGS;
	if (!memory && !file)
		return 0;
	struct scratch *s = claim();
	if (!s)
		return 1;
	int denied = memory && judge_memory(&scene, s);
	if (!denied && file)
		denied = judge_mapped(&scene, s, entry, mount, owner, what & CODE_LOADER ? IMAGE_COLUMN_LOADER : IMAGE_COLUMN_MAPPING);
	release(s);
	return denied;
}

// path_of reads a file's path: that which was mapped, where the file is that of a stacked file
// system and shows the file below. Up to 6.6 its path is that already.
static __always_inline void path_of(struct file *file, struct path *path)
{
	if (bpf_core_field_exists(struct backing_file, user_path) && BPF_CORE_READ(file, f_mode) & FMODE_NOACCOUNT) {
		struct backing_file *backing = (void *)file - bpf_core_field_offset(struct backing_file, file);
		path->dentry = BPF_CORE_READ(backing, user_path.dentry);
		path->mnt = BPF_CORE_READ(backing, user_path.mnt);
		return;
	}
	path->dentry = BPF_CORE_READ(file, f_path.dentry);
	path->mnt = BPF_CORE_READ(file, f_path.mnt);
}

static __always_inline int judge_file_code(struct file *file, u32 what)
{
	struct path path;
	path_of(file, &path);
	return judge_code((u64)path.dentry, (u64)path.mnt, file->f_inode->i_uid.val, what) ? -EACCES : 0;
}

static __always_inline int judge_memory_code(void) { return judge_code(0, 0, 0, CODE_MEMORY) ? -EACCES : 0; }

static __always_inline bool executing(struct task_struct *task)
{
	return BPF_CORE_READ_BITFIELD(task, in_execve);
}

// judge_loader judges what an exec opens behind its last image. A program of which an exec
// failed half-way leaves the note behind: then the next one it tries is judged as a loader too,
// where the kernel opens that within the exec (before 6.8).
static __always_inline int judge_loader(struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (!label || !(label->flags & LABEL_LOADER))
		return 0;
	label->flags &= ~LABEL_LOADER;
	if (!executing(task))
		return 0;
	label->flags |= LABEL_LOADED;
	return judge_file_code(file, CODE_LOADER);
}

// no_file_mapped says that what is mapped is memory although there is a file: a memfd, shared
// memory, /dev/zero.
static __always_inline bool no_file_mapped(struct file *file)
{
	if (file->f_path.mnt->mnt_flags & MNT_INTERNAL)
		return true;
	struct inode *inode = file->f_inode;
	return (inode->i_mode & S_IFMT) == S_IFCHR && inode->i_rdev == ZERO_DEVICE;
}

// judge_exec_map judges a mapping of an exec: those of the program itself were judged as an exec,
// and those of the loader when it was opened, unless no note could be kept.
static __always_inline int judge_exec_map(struct task_struct *task, struct file *file, u64 address)
{
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (!address || !file || address == (u64)BPF_CORE_READ(task, mm, exe_file) || (label && label->flags & LABEL_LOADED))
		return 0;
	return judge_file_code(file, CODE_LOADER);
}

// The kernel passes no file for anonymous memory, which not every kernel's types say; so the
// argument is read as a number first.
SEC("lsm/mmap_file")
int BPF_PROG(check_mmap, struct file *file, unsigned long wanted, unsigned long prot, unsigned long flags, int ret)
{
	u64 address = 0;
	if (ret || !((wanted | prot) & PROT_EXEC))
		return ret;
	bpf_get_func_arg(ctx, 0, &address);
	struct task_struct *task = bpf_get_current_task_btf();
	if (executing(task))
		return judge_exec_map(task, file, address);
	if (!address || !file || no_file_mapped(file))
		return judge_memory_code();
	bool changes = (wanted | prot) & PROT_WRITE && (flags & MAP_TYPE) == MAP_PRIVATE;
	return judge_file_code(file, changes ? CODE_MEMORY : 0);
}

// Memory that is there already. A private mapping of a file that was written to, or is about to
// be, holds what is not the file's any more.
SEC("lsm/file_mprotect")
int BPF_PROG(check_mprotect, struct vm_area_struct *area, unsigned long wanted, unsigned long prot, int ret)
{
	if (ret || !((wanted | prot) & PROT_EXEC))
		return ret;
	u64 has = area->vm_flags;
	bool adds = !(has & VM_EXEC), writes = (wanted | prot) & PROT_WRITE && !(has & VM_WRITE && !adds);
	struct file *file = area->vm_file;
	if (!file || no_file_mapped(file))
		return adds ? judge_memory_code() : 0;
	bool changed = !(has & VM_MAYSHARE) && ((adds && area->anon_vma) || writes);
	if (!adds)
		return changed ? judge_memory_code() : 0;
	return judge_file_code(file, changed ? CODE_MEMORY : 0);
}
