// Process rules: making a file mapping, or memory, executable; and the loader of a program that
// is executed, which is mapped as well.
#pragma once

#include "../headers/name.h"

// mapping_event sends the event of a decision on the file whose entry's address is in s->from,
// and whose name begins at start.
static __always_inline void mapping_event(const struct scene *scene, struct scratch *s, u64 decision, s32 start)
{
	u64 entry = s->from;
	struct event *e = begin_event(scene, s, decision, EVENT_EXEC);
	e->flags = EVENT_MAPPED;
	send_event(s, event_name(s, e, (struct dentry *)entry, start));
}

// judge_mapped decides on a file that is named, or not, in s->path.
static __always_inline int judge_mapped(const struct scene *scene, struct scratch *s, s32 start, u32 owner, u32 column)
{
	if (unreadable(start))
		return -EACCES;
	u64 decision = 0; // no rule is about a file without a name
	if (start >= 0) {
		u64 set = program_set(&scene->image, &s->path[within(start)], PATH_END - start);
		decision = decide_exec(&scene->image, set, column, conditions(scene, owner));
	} else if (start == NAME_LOST) {
		decision = decide_alone(&scene->image, scene->image.placed->handle_exec);
	}
	if (reports(decision))
		mapping_event(scene, s, decision, start);
	return denies(decision) ? -EACCES : 0;
}

// judge_mapped_file decides on a file that is shown with its path.
static __always_inline int judge_mapped_file(const struct scene *scene, struct file *file, u32 column)
{
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	struct dentry *dentry = file->f_path.dentry;
	s32 start = origin_name(s, scene->container, scene->id, dentry);
	s->from = (u64)dentry;
	int verdict = judge_mapped(scene, s, start, file->f_inode->i_uid.val, column);
	release(s);
	return verdict;
}

// judge_entry decides on the file whose directory entry's address it gets, at the pace of
// slow_name: for what happens seldom, and is verified once.
__noinline int judge_entry(u64 entry, u32 owner, u32 column)
{
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_MAPPINGS);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	s->from = entry;
	s32 start = slow_name(s, scene.id, 0);
	s->from = entry;
	int verdict = judge_mapped(&scene, s, start, owner, column & 3);
	release(s);
	return verdict;
}

// judge_memory decides on what is no file.
static __always_inline int judge_memory(const struct scene *scene)
{
	if (!(scene->image.placed->flags & IMAGE_FLAG_MEMORY))
		return 0;
	u64 decision = decide_memory(&scene->image, conditions(scene, 0));
	if (reports(decision)) {
		struct scratch *s = claim();
		if (s) {
			begin_event(scene, s, decision, EVENT_EXEC)->flags = EVENT_MEMORY;
			send_event(s, PATH_END);
			release(s);
		}
	}
	return denies(decision) ? -EACCES : 0;
}

// entry_of returns an address as a number: a global function takes no typed pointer for one.
static __always_inline u64 entry_of(struct file *file) { return (u64)BPF_CORE_READ(file, f_path.dentry); }

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
	return judge_entry(entry_of(file), file->f_inode->i_uid.val, IMAGE_COLUMN_LOADER);
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

// judge_map judges a mapping that is made executable. An exec's are the program's, which was
// judged as that, and the loader's, which was judged when it was opened, unless no note could
// be kept.
static __always_inline int judge_map(struct file *file, u64 address, u64 prot, u64 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool execs = executing(task);
	if (execs && (!address || address == (u64)BPF_CORE_READ(task, mm, exe_file)))
		return 0;
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_MAPPINGS | IMAGE_FLAG_MEMORY);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	if (execs && scene.label_flags & LABEL_LOADED)
		return 0;
	if (!address || !file || no_file_mapped(file))
		return judge_memory(&scene);
	int verdict = 0;
	if (!execs && prot & PROT_WRITE && (flags & MAP_TYPE) == MAP_PRIVATE)
		verdict = judge_memory(&scene);
	if (verdict || !(scene.image.placed->flags & IMAGE_FLAG_MAPPINGS))
		return verdict;
	return judge_mapped_file(&scene, file, execs ? IMAGE_COLUMN_LOADER : IMAGE_COLUMN_MAPPING);
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
	return judge_map(file, address, wanted | prot, flags);
}

// judge_area judges memory that is there already.
static __always_inline int judge_area(const struct scene *scene, struct vm_area_struct *area, u64 prot)
{
	u64 has = area->vm_flags;
	bool adds = !(has & VM_EXEC), private = !(has & VM_MAYSHARE);
	struct file *file = area->vm_file;
	int verdict = 0;
	if (!file || no_file_mapped(file))
		return adds ? judge_memory(scene) : 0;
	// Written to, or about to be: what it holds is not the file's any more.
	if (private && ((adds && area->anon_vma) || (prot & PROT_WRITE && !(has & VM_EXEC && has & VM_WRITE))))
		verdict = judge_memory(scene);
	if (verdict || !adds || !(scene->image.placed->flags & IMAGE_FLAG_MAPPINGS))
		return verdict;
	u64 entry = entry_of(file);
	if (bpf_core_type_exists(struct backing_file) && file->f_mode & FMODE_BACKING) {
		struct backing_file *backing = (void *)file - bpf_core_field_offset(struct backing_file, file);
		entry = (u64)BPF_CORE_READ(backing, user_path.dentry);
	}
	return judge_entry(entry, file->f_inode->i_uid.val, IMAGE_COLUMN_MAPPING);
}

SEC("lsm/file_mprotect")
int BPF_PROG(check_mprotect, struct vm_area_struct *area, unsigned long wanted, unsigned long prot, int ret)
{
	if (ret || !((wanted | prot) & PROT_EXEC))
		return ret;
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_MAPPINGS | IMAGE_FLAG_MEMORY);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	return judge_area(&scene, area, wanted | prot);
}
