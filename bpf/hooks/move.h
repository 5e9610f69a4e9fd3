// Giving a file another name: renaming, exchanging, linking. Both names are written, and what
// a rule blocks under the one may not be had under the other. One operation gives one event.
#pragma once

#include "../headers/guard.h"
#include "file.h"

#define RENAME_EXCHANGE 2u // include/uapi/linux/fs.h

// moved is one of the two names.
struct moved {
	struct side side;
	u64 decision; // on writing it
	s32 start;    // where it stands in s->path, until another name is read
};

static __always_inline void look_up(const struct scene *scene, struct scratch *s, struct moved *m, struct dentry *dentry, struct vfsmount *mnt, u32 access, u32 op)
{
	m->side.file = m->side.program = UNNAMED;
	m->start = name_on(s, scene->container, scene->id, dentry, mnt);
	if (m->start >= 0) {
		m->side.file = file_set(&scene->image, &s->path[within(m->start)], PATH_END - m->start);
		m->side.program = program_set(&scene->image, &s->path[within(m->start)], PATH_END - m->start);
	}
	u64 known = forget(s, conditions(scene, owner_of(dentry, access)));
	m->decision = decide_file(&scene->image, m->side.file, op, known);
	// A deleted file is blocked by the name it had last, and allowed by none.
	if (cut(m->start) || (m->start > 0 && !(access & FRESH) && deleted(dentry)))
		m->decision = worse(m->decision, decide_file(&scene->image, UNNAMED, op, known));
	if (m->start == NAME_LOST)
		m->decision = worse(m->decision, decide_alone(&scene->image, scene->image.placed->handle_write));
}

static __always_inline bool is_dir(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	barrier_var(inode);
	return inode && (inode->i_mode & S_IFMT) == S_IFDIR;
}

static __always_inline int move(const struct scene *scene, struct scratch *s, struct dentry *old, struct dentry *new, struct vfsmount *mnt, u32 op, bool exchange)
{
	struct moved from, to;
	look_up(scene, s, &from, old, mnt, WRITES, op);
	look_up(scene, s, &to, new, mnt, exchange ? WRITES : WRITES | FRESH, op);
	if (unreadable(from.start) || unreadable(to.start))
		return -EACCES;
	u64 decision = from.decision;
	if (old != new) {
		u32 dir = is_dir(old) || (exchange && is_dir(new));
		decision = worse(decision, decide_names(&scene->image, &from.side, &to.side, dir));
		if (exchange)
			decision = worse(decision, decide_names(&scene->image, &to.side, &from.side, dir));
	}
	// The event is about the name that the decision is about, the old one where both are.
	bool about_new = worse(decision, to.decision) != decision;
	decision = worse(decision, to.decision);
	if (reports(decision)) {
		struct event *e = begin_event(scene, s, decision, EVENT_FILE);
		e->flags |= EVENT_WRITE;
		s32 start = to.start;
		if (about_new) {
			e->flags |= exchange ? 0 : EVENT_CREATED;
			start = event_name(s, e, new, start);
		} else {
			s->from = (u64)old;
			start = slow_name(s, scene->id, 0);
			if (start == NAME_NONE) {
				s->mount = (u64)mnt;
				start = seen_name(s, scene->id);
			}
			start = event_name(s, e, old, start);
		}
		send_event(s, start);
	}
	return denies(decision) ? -EACCES : 0;
}

static __always_inline int judge_move(struct dentry *old, struct dentry *new, struct vfsmount *mnt, u32 op, bool exchange)
{
	struct scene scene;
	enum entrance entrance = enter(&scene, IMAGE_FLAG_FILE | IMAGE_FLAG_NAMES);
	if (entrance != INSIDE)
		return entrance == REFUSED ? -EACCES : 0;
	struct scratch *s = claim();
	if (!s)
		return -EACCES;
	int verdict = move(&scene, s, old, new, mnt, op, exchange);
	release(s);
	return verdict;
}

SEC("lsm/path_rename")
int BPF_PROG(check_rename, struct path *old_dir, struct dentry *old, struct path *new_dir, struct dentry *new, unsigned int flags, int ret)
{
	if (!ret && (guards_pin(old) || guards_pin(new)))
		return -EPERM;
	return ret ? ret : judge_move(old, new, new_dir->mnt, IMAGE_FILE_MOVE, flags & RENAME_EXCHANGE);
}

SEC("lsm/path_link")
int BPF_PROG(check_link, struct dentry *old, struct path *new_dir, struct dentry *new, int ret)
{
	if (!ret && (guards_pin(old) || guards_pin(new)))
		return -EPERM;
	return ret ? ret : judge_move(old, new, new_dir->mnt, IMAGE_FILE_WRITE, false);
}
