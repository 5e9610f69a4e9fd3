// The program of a task, which fromSource asks for: that of its last exec, by the origin name
// it had then. It is kept with the task, inherited at fork, and nothing the task does to
// itself changes it. What class that is in a profile is remembered in the label.
#pragma once

#include "path.h"

// deleted says that no directory shows the file any more.
static __always_inline bool deleted(struct dentry *dentry)
{
	return !dentry->d_hash.pprev && dentry->d_parent != dentry;
}

// recorded says that the container's mounts are recorded. Before that programs have no names, and what is
// kept of a task without one would be kept for good; rules hold only after it.
static __always_inline bool recorded(const struct container *c) { return *(volatile u32 *)&c->names; }

// program_name writes the origin name of an executable and returns where it begins in
// s->path, or one of NAME_*.
static __always_inline s32 program_name(struct scratch *s, struct file *file, u32 id)
{
	// A memfd has none.
	if (!file || BPF_CORE_READ(file, f_path.mnt, mnt_flags) & MNT_INTERNAL)
		return NAME_NONE;
	s->from = (u64)BPF_CORE_READ(file, f_path.dentry);
	return slow_name(s, id, 0);
}

static __always_inline bool program_deleted(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	return !BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry;
}

// long_name finds where the long one of a task's two names stands.
static __always_inline struct long_source *long_name(struct task_struct *task, u32 which, u64 flags)
{
	if (which & 1)
		return bpf_task_storage_get(&long_sources_1, task, 0, flags);
	return bpf_task_storage_get(&long_sources, task, 0, flags);
}

// keep_program keeps the name in s->path as one of the two of a task.
static __always_inline bool keep_program(struct task_struct *task, struct source *source, u32 which, struct scratch *s, s32 start, u32 deleted)
{
	struct program *p = &source->programs[which & 1];
	u32 len = start < 0 || start >= PATH_END ? 0 : PATH_END - start;
	p->len = 0;
	p->deleted = deleted || len == PATH_END; // the beginning of one
	// Of whatever length: the scratch goes on behind the path.
	if (len > SOURCE_INLINE) {
		struct long_source *l = long_name(task, which, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!l)
			return false;
		bpf_probe_read_kernel(l->name, PATH_END, &s->path[within(start)]);
	} else if (len) {
		bpf_probe_read_kernel(p->name, SOURCE_INLINE, &s->path[within(start)]);
	}
	p->len = len;
	return true;
}

// source_kept returns what is kept of a task of a container: with itself, or with the first
// thread of its group, where the programs of tasks are kept that were there before the agent.
static __always_inline struct source *source_kept(struct task_struct *task, u32 id)
{
	struct source *source = bpf_task_storage_get(&sources, task, 0, 0);
	if (source && source->container == id)
		return source;
	source = bpf_task_storage_get(&sources, task->group_leader, 0, 0);
	return source && source->container == id ? source : 0;
}

// CLAIM_LOOKS are looks at a claim: more than it takes to copy a name.
#define CLAIM_LOOKS 64

// keep_found keeps the name in s->path as that of a task's program. Its threads, and those who reach into
// it, may find it at the same moment: whoever is first keeps it, and nobody sees half of it.
static __always_inline struct source *keep_found(struct task_struct *task, u32 id, struct scratch *s, s32 start, u32 deleted)
{
	struct source *source = bpf_task_storage_get(&sources, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!source)
		return 0;
	if (__sync_val_compare_and_swap(&source->claimed, 0, 1)) {
		for (int i = 0; i < CLAIM_LOOKS; i++)
			if (*(volatile u32 *)&source->container == id)
				return source;
		return 0;
	}
	bool kept = *(volatile u32 *)&source->container == id;
	if (!kept) {
		source->container = source->pending = source->now = 0;
		kept = keep_program(task, source, 0, s, start, deleted);
		__sync_lock_test_and_set(&source->container, kept ? id : 0);
	}
	__sync_lock_test_and_set(&source->claimed, 0);
	return kept ? source : 0;
}

// source_found keeps the program of a task of which nothing is kept: of one that was there
// before the agent, or that sets a container up. That is what it runs now.
static __always_inline struct source *source_found(struct task_struct *task, u32 id)
{
	struct scratch *s = claim();
	if (!s)
		return 0;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	s32 start = program_name(s, exe, id);
	struct source *source = 0;
	if (!unreadable(start))
		source = keep_found(task->group_leader, id, s, start, start >= 0 && program_deleted(exe));
	release(s);
	return source;
}

// current_source returns what is kept of the running task; 0: it can be neither kept nor read.
static __always_inline struct source *current_source(struct task_struct *task, u32 id)
{
	struct source *source = source_kept(task, id);
	if (!source)
		source = source_found(task, id);
	if (!source)
		count(COUNT_SOURCES_MISSING);
	return source;
}

#define SOURCE_REFUSED (~0u)

// class_of_source returns the class of a kept program in an image, or SOURCE_REFUSED.
static __always_inline u32 class_of_source(const struct image *image, struct task_struct *task, struct source *source)
{
	u32 which = source->now & 1;
	struct program *p = &source->programs[which];
	const struct placed *placed = image->placed;
	u32 len = p->len, beyond = p->deleted ? placed->source_sets : 0;
	if (!len)
		return 0;
	if (len <= SOURCE_INLINE)
		return accepted(image, step_bytes(image, placed->source_start, p->name, len, SOURCE_INLINE)) + beyond;
	struct long_source *l = long_name(task, which, 0);
	if (!l)
		l = long_name(task->group_leader, which, 0);
	return l ? class_of(image, l->name, len, p->deleted) : SOURCE_REFUSED;
}

// find_source returns the class of the running task's program in a profile, and remembers it.
__noinline u64 find_source(u32 id, u64 profile)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct image image;
	if (!find_image(&image, profile))
		return SOURCE_REFUSED;
	struct source *source = current_source(task, id);
	if (!source)
		return SOURCE_REFUSED;
	u32 class = class_of_source(&image, task, source);
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (label && label->container == id && class != SOURCE_REFUSED) {
		label->source_profile = 0;
		barrier();
		label->source = class;
		barrier();
		label->source_profile = image.placed->profile;
	}
	return class;
}

// copy_source copies what is kept of one task to another, which nobody else keeps anything of.
static __always_inline bool copy_source(struct task_struct *from, const struct source *kept, struct task_struct *to, struct source *copy)
{
	u32 which = kept->now & 1, id = kept->container;
	copy->container = 0;
	barrier();
	bpf_probe_read_kernel(&copy->now, sizeof(*copy) - sizeof(copy->container), &kept->now);
	copy->claimed = 0;
	if (kept->programs[which].len > SOURCE_INLINE) {
		struct long_source *name = long_name(from, which, 0);
		if (!name)
			name = long_name(from->group_leader, which, 0);
		struct long_source *place = long_name(to, which, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!name || !place)
			return false;
		bpf_probe_read_kernel(place, sizeof(*place), name);
	}
	__sync_lock_test_and_set(&copy->container, id);
	return true;
}

// inherit_source hands a task's program on to a child.
static __always_inline bool inherit_source(struct task_struct *parent, struct task_struct *child, u32 id)
{
	struct source *from = current_source(parent, id);
	if (!from)
		return false;
	struct source *to = bpf_task_storage_get(&sources, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return to && copy_source(parent, from, child, to);
}
