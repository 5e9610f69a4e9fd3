// The beginning and the end of every hook: whose operation it is, which image holds, and
// what becomes of a decision.
#pragma once

#include "decide.h"
#include "event.h"
#include "source.h"

// scene is what a hook needs of the running task.
struct scene {
	struct task_struct *task;
	struct container *container;
	u32 id;
	u32 handle; // see struct label
	u32 source; // the class of the task's program, where a rule asks for it
	u64 profile; // the container's word
	struct verdict *place; // for the verdict on an open
	struct image image;
};

enum entrance { OUTSIDE, INSIDE, REFUSED };

// set_up_exempt says that the task's program is not one of the container's own files.
static __always_inline bool set_up_exempt(struct task_struct *task, u32 id)
{
	struct scratch *s = claim();
	if (!s)
		return false;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	s->from = exe ? (u64)BPF_CORE_READ(exe, f_path.dentry) : 0;
	s32 name = exe ? slow_name(s, id, 0) : NAME_UNSTABLE;
	release(s);
	if (name != NAME_NONE && name != NAME_LOST)
		return false;
	count(COUNT_SETUP_EXEMPT);
	return true;
}

// What is judged of a task that sets a container up, too.
#define OF_PROCESSES (IMAGE_FLAG_EXEC | IMAGE_FLAG_MAPPINGS | IMAGE_FLAG_MEMORY)

// enter_as finds what holds for the running task, of whose label kept is what is kept; the scene
// has its container where that was found already. The profile is read once, so that an operation is
// judged by one whole set of policies. The class of the task's program remains to be found.
static __always_inline enum entrance enter_as(struct label *label, struct label *kept, struct scene *scene, u32 category)
{
	*label = kept && scene->container ? *kept : label_from(kept, scene->task, &scene->container);
	scene->id = label->container;
	scene->handle = label->handle;
	if (!scene->container)
		return OUTSIDE;
	u64 profile = *(volatile u64 *)&scene->container->profile;
	if (!profile)
		return OUTSIDE;
	scene->profile = profile;
	if (!find_image(&scene->image, profile)) {
		count(COUNT_MALFORMED);
		return REFUSED;
	}
	if (!(scene->image.placed->flags & category))
		return OUTSIDE;
	if (category & ~OF_PROCESSES && label->flags & LABEL_SETUP && set_up_exempt(scene->task, label->container))
		return OUTSIDE;
	return INSIDE;
}

// find_caller finds the class of the task's program, of whose label is given what is kept; none: 0.
static __always_inline enum entrance find_caller(const struct label *label, struct scene *scene)
{
	if (label && label->source_profile == scene->image.placed->profile)
		scene->source = label->source;
	else
		scene->source = find_source(scene->id, scene->profile);
	return scene->source == SOURCE_REFUSED ? REFUSED : INSIDE;
}

static __always_inline enum entrance enter_with(struct label *kept, struct scene *scene, u32 category)
{
	struct label label;
	enum entrance entrance = enter_as(&label, kept, scene, category);
	if (entrance != INSIDE)
		return entrance;
	scene->source = 0;
	return scene->image.placed->flags & IMAGE_FLAG_SOURCES ? find_caller(&label, scene) : INSIDE;
}

static __always_inline enum entrance enter(struct scene *scene, u32 category)
{
	scene->task = bpf_get_current_task_btf();
	scene->container = 0;
	return enter_with(bpf_task_storage_get(&labels, scene->task, 0, 0), scene, category);
}

// by_handle says that the entry which is being opened is the one that a handle was decoded to
// just now.
static __always_inline bool by_handle(const struct scene *scene, struct scratch *s, struct dentry *dentry)
{
	if (!scene->handle)
		return false;
	struct label *label = bpf_task_storage_get(&labels, scene->task, 0, 0);
	if (label)
		label->handle = 0;
	// The verifier lets no arithmetic be done on a pointer; what is read from memory is a number.
	*(volatile u64 *)&s->from = (u64)dentry;
	return scene->handle == handle_of(*(volatile u64 *)&s->from);
}

#define OWN_FILE (~0u) // an owner's id that no user has: the caller makes the file

// conditions answers the questions that an image may ask.
static __always_inline u64 conditions(const struct scene *scene, u32 owner)
{
	u32 flags = scene->image.placed->flags, c = 0;
	if (flags & IMAGE_FLAG_OWNER && (owner == OWN_FILE || scene->task->cred->fsuid.val == owner))
		c |= 1 << IMAGE_CONDITION_OWNER;
	if (flags & IMAGE_FLAG_TTY && scene->task->signal->tty)
		c |= 1 << IMAGE_CONDITION_TTY;
	return caller(c, scene->source);
}

// begin_event fills in what decision and scene say.
static __always_inline struct event *begin_event(const struct scene *scene, struct scratch *s, u64 decision, u8 kind)
{
	struct event *e = &s->event;
	s->denied = denies(decision);
	e->profile = scene->image.placed->profile;
	e->container = scene->id;
	e->outcome = outcome_of(decision);
	e->kind = kind;
	e->flags = 0;
	e->family = e->type = e->protocol = 0;
	e->arguments = s->arguments.read = 0;
	e->number = 0;
	__builtin_memset(e->endpoint, 0, sizeof(e->endpoint));
	e->endpoint_len = 0;
	return e;
}
