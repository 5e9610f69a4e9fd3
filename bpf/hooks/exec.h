// Process rules: every image of an exec (the program, a script, its interpreters) passes
// bprm_check_security on its own.
#pragma once

#include "../headers/arguments.h"
#include "../headers/gate.h"
#include "../headers/name.h"
#include "../headers/trace.h"

#define HIDDEN 0x10000

// last_component returns where the last component of s->other begins, n counting the
// final zero; HIDDEN is added where the name was spelt by descriptor.
__noinline int last_component(struct scratch *s, u32 n)
{
	if (!s || n < 2 || n > PATH_END)
		return HIDDEN;
	u32 end = n - 1, start = 0;
	for (u32 i = 1; i <= 256; i++) {
		if (i > end)
			break;
		start = end - i;
		if (s->other[within(start)] == '/') {
			start++;
			break;
		}
	}
	// .../fd/N: /dev/fd/N and /proc/*/fd/N, however they are spelt
	if (start >= 4) {
		const u8 *dir = &s->other[within(start - 4)];
		if (dir[0] == '/' && dir[1] == 'f' && dir[2] == 'd' && dir[3] == '/')
			return HIDDEN;
	}
	return start;
}

// column_of finds the column of the program table for the name that was given to exec.
static __always_inline u64 column_of(const struct image *image, struct scratch *s, struct linux_binprm *bprm)
{
	if (!(image->placed->flags & IMAGE_FLAG_STARTED_BY))
		return IMAGE_COLUMN_OTHER;
	const char *name = bprm->interp;
	if (bprm->fdpath && name == bprm->filename)
		return IMAGE_COLUMN_HIDDEN;
	long n = bpf_probe_read_kernel_str(s->other, sizeof(s->other), name);
	if (n < 0 || n > PATH_END)
		return IMAGE_COLUMN_HIDDEN;
	u32 start = last_component(s, n);
	if (start >= n)
		return IMAGE_COLUMN_HIDDEN;
	u64 len = (n - 1 - start) & 0xff;
	return started_by(image, &s->other[within(start)], len);
}

// entered answers whether the task came in from outside after the container's start.
static __always_inline u64 entered(const struct scene *scene)
{
	struct label *label = bpf_task_storage_get(&labels, scene->task, 0, 0);
	return label && label->flags & LABEL_ENTERED ? 1 << IMAGE_CONDITION_ENTERED : 0;
}

static __always_inline int judge_exec(const struct scene *scene, struct scratch *s, struct linux_binprm *bprm)
{
	struct file *file = bprm->file;
	struct dentry *dentry = file->f_path.dentry;
	s32 start = NAME_NONE;
	*(volatile u32 *)&s->seen = 0;
	// A memfd has no name, and a deleted file none any more.
	bool memory = file->f_path.mnt->mnt_flags & MNT_INTERNAL;
	u64 fileless = forget(s, memory || deleted(dentry));
	u64 set = forget(s, fileless ? FILELESS(&scene->image) : UNNAMED);
	if (!memory)
		start = name_on(s, scene->container, scene->id, dentry, file->f_path.mnt);
	if (unreadable(start))
		return -EACCES;
	if (start >= 0)
		set = program_set(&scene->image, &s->path[within(start)], PATH_END - start);
	u64 column = forget(s, column_of(&scene->image, s, bprm));
	u64 known = conditions(scene, file->f_inode->i_uid.val) | entered(scene);
	if (scene->image.placed->flags & IMAGE_FLAG_ARGUMENTS)
		known |= (u64)lists_of_arguments(&scene->image, s, bprm) << IMAGE_CONDITION_ARGUMENTS;
	known = forget(s, known);
	u64 decision = decide_exec(&scene->image, set, column, known);
	// A deleted file is blocked by the name it had last, and allowed by none; likewise one that
	// the container sees on a file system it has mounted itself.
	if (start >= 0 && fileless)
		decision = worse(decide_exec(&scene->image, FILELESS(&scene->image), column, known), decision);
	else if (cut(start) || (start > 0 && *(volatile u32 *)&s->seen))
		decision = worse(decide_exec(&scene->image, UNNAMED, column, known), decision);
	if (start == NAME_LOST)
		decision = worse(decision, decide_alone(&scene->image, scene->image.placed->handle_exec));
	if (reports(decision)) {
		struct event *e = begin_event(scene, s, decision, EVENT_EXEC);
		start = event_name(s, e, dentry, start);
		report_arguments(s, e, bprm);
		send_event(s, start);
	}
	return denies(decision) ? -EACCES : 0;
}

// expect_loader notes that what the task opens next to execute is the loader of this image, not
// another image: of an ELF file alone.
static __always_inline void expect_loader(struct task_struct *task, struct linux_binprm *bprm)
{
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (!label)
		return; // the loader is judged when it is mapped
	label->flags &= ~LABEL_EXEC;
	if (bprm->buf[0] == 0x7f && bprm->buf[1] == 'E' && bprm->buf[2] == 'L' && bprm->buf[3] == 'F')
		label->flags |= LABEL_LOADER;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(check_exec, struct linux_binprm *bprm, int ret)
{
	struct scene scene;
	if (ret)
		return ret;
	switch (enter(&scene, IMAGE_FLAG_EXEC)) {
	case OUTSIDE:
		return start_gate();
	case REFUSED:
		return -EACCES;
	case INSIDE:
		break;
	}
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	int verdict = judge_exec(&scene, s, bprm);
	release(s);
	if (scene.image.placed->flags & IMAGE_FLAG_MAPPINGS)
		expect_loader(scene.task, bprm);
	return verdict;
}

// keep_next keeps the name in s->path as that of the program that is about to run.
static __always_inline bool keep_next(struct task_struct *task, u32 id, struct scratch *s, s32 start, u32 gone)
{
	struct source *kept = current_source(task, id);
	struct source *own = bpf_task_storage_get(&sources, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!kept || !own)
		return false;
	own->pending = 0;
	if (own != kept && !copy_source(task, kept, task, own))
		return false;
	if (!keep_program(task, own, own->now + 1, s, start, gone))
		return false;
	own->pending = 1;
	return true;
}

// prepare_program keeps the name of the program that is about to run, while the exec can
// still be refused: whoever ptraces the task may not get hold of a program that is granted
// more. Where a rule grants that program anything the exec is made secure.
static __always_inline int prepare_program(struct scene *scene, struct scratch *s, struct linux_binprm *bprm)
{
	struct file *file = bprm->file;
	struct dentry *dentry = file->f_path.dentry;
	u64 profile = *(volatile u64 *)&scene->container->profile;
	bool asked = profile && find_image(&scene->image, profile) && scene->image.placed->flags & IMAGE_FLAG_SOURCES;
	s32 start = NAME_NONE;
	if (!recorded(scene->container))
		return 0; // it is found when it is asked for
	if (!(file->f_path.mnt->mnt_flags & MNT_INTERNAL))
		start = origin_name(s, scene->container, scene->id, dentry);
	if (unreadable(start))
		return -EACCES;
	u32 gone = forget(s, cut(start) || deleted(dentry));
	if (!keep_next(scene->task, scene->id, s, start, gone)) {
		count(COUNT_SOURCES_MISSING);
		return asked ? -EACCES : 0;
	}
	if (!asked)
		return 0;
	const struct image *image = &scene->image;
	u32 class = start < 0 ? 0 : class_of(image, &s->path[within(start)], PATH_END - start, gone);
	if (flags_of_class(image, class) & IMAGE_SOURCE_SECURE)
		bpf_bprm_opts_set(bprm, BPF_F_BPRM_SECUREEXEC);
	if (!(bprm->unsafe & LSM_UNSAFE_PTRACE) || !(image->placed->flags & IMAGE_FLAG_TRACE))
		return 0;
	u64 decision = decide_traced(image, scene->id, class, scene->task->parent);
	if (reports(decision))
		report_trace(scene, s, decision, file);
	return denies(decision) ? -EACCES : 0;
}

// The last hook before an exec can't be undone; the file is the one that will run.
SEC("lsm/bprm_creds_from_file")
int BPF_PROG(prepare_exec, struct linux_binprm *bprm, struct file *file, int ret)
{
	if (ret)
		return ret;
	struct scene scene = {.task = bpf_get_current_task_btf()};
	struct label label = current_label(scene.task, &scene.container);
	scene.id = label.container;
	if (!scene.container)
		return 0;
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	int verdict = prepare_program(&scene, s, bprm);
	release(s);
	return verdict;
}

// The first exec that succeeds ends set-up; each makes its program the task's.
SEC("lsm/bprm_committed_creds")
void BPF_PROG(exec_done, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct source *source = bpf_task_storage_get(&sources, task, 0, 0);
	if (source && source->pending) {
		source->now ^= 1;
		source->pending = 0;
	} else if (source) {
		source->container = 0; // it is found again
	}
	struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
	if (!label)
		return;
	label->source_profile = 0;
	label->flags &= ~LABEL_LOADER; // a program without one
	if (!(label->flags & LABEL_SETUP))
		return;
	label->flags &= ~(LABEL_SETUP | LABEL_ENTERED);
	struct container *c = container(label->container);
	if (c)
		__sync_fetch_and_and(&c->state, ~STARTING);
}
