// The name under which a file is judged: from its directory entry up to the nearest
// recorded mount of its container. Mounts, roots and namespaces that the task has chosen
// play no part.
#pragma once

#include "label.h"
#include "scratch.h"

#define NAME_NONE (-1)     // nothing on the way up is recorded
#define NAME_TOO_LONG (-2) // its length is known
#define NAME_LOST (-3) // the way up ends at what is no file system's root, or misses the root of the mount: opened by handle
#define WALKING (-4)
#define NAME_UNSTABLE (-5)
#define NAME_TOO_DEEP (-6)

#define FAST_STEPS 32 // taken by loads; deeper names are read on by slow_name
#define SLOW_STEPS 8
#define SLOW_CALLS 520 // enough for twice PATH_END bytes of which every component is one letter; what is deeper is denied
#define RETRIES 64 // short against a walk: renames have to be as frequent as walks to spoil all

// unreadable says that a name changed whenever it was read, or is deeper than can be read. Such an
// operation is denied: as a file without a name it would match no Block, and whoever renames in a loop
// would have his way now and then.
static __always_inline bool unreadable(s32 name) { return name <= NAME_UNSTABLE; }

// cut says that it is the beginning of a name of PATH_MAX bytes or more: it is blocked by that, and
// allowed by none.
static __always_inline bool cut(s32 name) { return name == 0; }

// rename_sequence is odd while something is being renamed.
static __always_inline u32 rename_sequence(void)
{
	// Since 6.2 it can be loaded. A seqlock_t begins with its count.
	if (bpf_rdonly_cast) {
		const struct seqcount *count = bpf_rdonly_cast(&rename_lock, bpf_core_type_id_kernel(struct seqcount));
		return *(const volatile u32 *)&count->sequence;
	}
	u32 sequence = 1;
	bpf_probe_read_kernel(&sequence, sizeof(sequence), &rename_lock);
	return sequence;
}

// put_component writes "/name" before position, and returns where it begins.
static __always_inline s32 put_component(struct scratch *s, u32 position, const unsigned char *name, u32 len)
{
	if (len > 255 || len + 1 > position)
		return NAME_TOO_LONG;
	position -= len + 1;
	u8 *at = &s->path[within(position)];
	*at = '/';
	if (bpf_probe_read_kernel(at + 1, len & 255, name))
		return NAME_UNSTABLE;
	return position;
}

// put_next writes the next component of a walk as put_component does, but for what is beyond.
static __always_inline s32 put_next(struct scratch *s, struct walk *w, const unsigned char *name, u32 len)
{
	u32 beyond = w->beyond;
	if (len > 255)
		return NAME_TOO_LONG;
	w->length += len + 1;
	if (beyond > len) {
		w->beyond = beyond - len - 1;
		return w->position;
	}
	w->beyond = 0;
	if (w->length > PATH_END && !s->whole)
		return w->position; // its length alone is still of interest
	return put_component(s, w->position, name, len - beyond);
}

// put_prefix writes the path of a recorded mount before position.
static __always_inline s32 put_prefix(struct scratch *s, u32 position, const struct origin *origin)
{
	u32 len = origin ? origin->len : 0;
	if (len == 0 && position == PATH_END) {
		s->path[PATH_END - 1] = '/';
		return PATH_END - 1;
	}
	if (len == 0)
		return position;
	if (len > PREFIX_MAX || len > position)
		return NAME_TOO_LONG;
	position -= len;
	bpf_probe_read_kernel(&s->path[within(position)], len & 255, origin ? origin->path : 0);
	return position;
}

// nameless tells where a walk has ended that came upon no record.
static __always_inline s32 nameless(struct dentry *top, struct super_block *sb)
{
	return top == BPF_CORE_READ(sb, s_root) ? NAME_NONE : NAME_LOST;
}

// slow_steps goes some steps of a walk by reads that need no typed pointers.
__noinline int slow_steps(struct scratch *s)
{
	if (!s)
		return NAME_NONE;
	struct walk *w = &s->walk;
	for (int i = 0; i < SLOW_STEPS; i++) {
		struct dentry *d = (struct dentry *)w->dentry;
		struct origin_key key = {.container = w->container, .sb = w->sb};
		struct origin *origin = 0;
		bool found = w->root && w->dentry == w->root;
		if (!w->root || found) {
			key.dentry = found ? 0 : w->dentry;
			origin = bpf_map_lookup_elem(&origins, &key);
			found = found || origin;
		}
		if (found) {
			w->length += origin ? origin->len : 0;
			return w->status = w->length > PATH_END && !s->whole ? NAME_TOO_LONG : put_prefix(s, w->position, origin);
		}
		struct dentry *parent = BPF_CORE_READ(d, d_parent);
		if ((parent == d || !parent) && w->raw && w->length > PATH_END && !s->whole)
			return w->status = NAME_TOO_LONG;
		if (parent == d || !parent)
			return w->status = w->raw ? (w->position < PATH_END ? (s32)w->position : put_prefix(s, PATH_END, 0)) : nameless(d, (struct super_block *)w->sb);
		s32 position = put_next(s, w, BPF_CORE_READ(d, d_name.name), BPF_CORE_READ(d, d_name.len));
		if (position < 0)
			return w->status = position;
		w->position = position;
		w->dentry = (u64)parent;
	}
	return w->status = WALKING;
}

// slow_walk walks all the way up once; NAME_UNSTABLE if something was renamed meanwhile, or if the name is
// to be read again because it is too long. What it decides is verified here once, and not for each try.
__noinline int slow_walk(struct scratch *s, u32 id, u32 raw)
{
	u32 before = rename_sequence();
	if (!s || before & 1)
		return NAME_UNSTABLE;
	// A chain of calls has 512 bytes of stack: what can be kept elsewhere is.
	s->walk.sequence = before;
	s->walk.dentry = s->from;
	s->walk.position = PATH_END;
	s->walk.container = id;
	s->walk.raw = raw;
	s->walk.length = 0;
	s->walk.beyond = s->whole ? s->whole - PATH_END : 0;
	struct container *c = container(id);
	struct dentry *d = (struct dentry *)s->from;
	struct super_block *sb = BPF_CORE_READ(d, d_sb);
	struct origin_key key = {.container = id, .sb = (u64)sb};
	bool single = (c && c->root_sb == (u64)sb) || bpf_map_lookup_elem(&origins, &key);
	s->walk.sb = (u64)sb;
	s->walk.root = single ? (u64)BPF_CORE_READ(sb, s_root) : 0;
	s->walk.status = WALKING;
	for (int i = 0; i < SLOW_CALLS && s->walk.status == WALKING; i++)
		slow_steps(s);
	if (rename_sequence() != s->walk.sequence)
		return NAME_UNSTABLE;
	if (s->walk.status == WALKING)
		return NAME_TOO_DEEP;
	// Once more for the beginning; by then it may be another name.
	if (s->walk.status == NAME_TOO_LONG || (s->whole && s->walk.status > 0)) {
		s->whole = s->whole ? 0 : s->walk.length;
		return NAME_UNSTABLE;
	}
	return s->walk.status;
}

// slow_name does what origin_name does, for the directory entry whose address is in s->from:
// global functions take no typed pointers. A name that is too long is read once more for its beginning.
__noinline int slow_name(struct scratch *s, u32 id, u32 raw)
{
	if (!s || !s->from)
		return NAME_NONE;
	int name = NAME_UNSTABLE;
	s->whole = 0;
	for (int try = 0; try < RETRIES && name == NAME_UNSTABLE; try++)
		name = slow_walk(s, id, raw);
	return name;
}

// walk_up is origin_name before its result is forgotten.
static __always_inline s32 walk_up(struct scratch *s, struct container *c, u32 id, struct dentry *dentry)
{
	u32 before = rename_sequence();
	struct dentry *d = dentry;
	struct super_block *sb = d->d_sb;
	struct origin_key key = {.container = id, .sb = (u64)sb};
	struct origin *origin = 0;
	bool single = c->root_sb == (u64)sb;
	if (!single) {
		origin = bpf_map_lookup_elem(&origins, &key);
		single = origin;
	}
	// With one record alone the name begins at the file system's root.
	struct dentry *root = single ? sb->s_root : 0;
	s32 position = PATH_END;
	for (int i = 0; i < FAST_STEPS; i++) {
		bool found = d == root;
		if (!root) {
			key.dentry = (u64)d;
			origin = bpf_map_lookup_elem(&origins, &key);
			found = origin;
		}
		if (found) {
			position = put_prefix(s, position, origin);
			if (rename_sequence() != before || before & 1)
				break;
			s->renames = before;
			return position;
		}
		struct dentry *parent = d->d_parent;
		if (parent == d) {
			if (rename_sequence() != before || before & 1)
				break;
			return d == sb->s_root ? NAME_NONE : NAME_LOST;
		}
		position = put_component(s, position, d->d_name.name, d->d_name.len);
		if (position < 0)
			break;
		d = parent;
	}
	s->from = (u64)dentry;
	s->renames = 1; // none to be remembered by
	s32 name = slow_name(s, id, 0);
	if (cut(name) || name == NAME_TOO_DEEP)
		count(COUNT_LONG_NAMES);
	if (name == NAME_UNSTABLE)
		count(COUNT_UNSTABLE_NAMES);
	return name;
}

// origin_name writes the name of a directory entry and returns where it begins in s->path,
// or one of NAME_*: whichever way out of the walk was taken, what follows is verified once.
static __always_inline s32 origin_name(struct scratch *s, struct container *c, u32 id, struct dentry *dentry)
{
	return forget(s, walk_up(s, c, id, dentry));
}

// seen_steps goes some steps up through mounts, from a file system that has no record to the
// first mount point that lies in one which has.
__noinline int seen_steps(struct scratch *s)
{
	if (!s)
		return NAME_NONE;
	struct walk *w = &s->walk;
	struct container *c = container(w->container);
	for (int i = 0; i < SLOW_STEPS; i++) {
		struct dentry *d = (struct dentry *)w->dentry;
		struct super_block *sb = BPF_CORE_READ(d, d_sb);
		struct origin_key key = {.container = w->container, .sb = (u64)sb};
		struct origin *origin = 0;
		bool found = false;
		if (d == BPF_CORE_READ(sb, s_root)) {
			origin = bpf_map_lookup_elem(&origins, &key);
			found = origin || (c && c->root_sb == (u64)sb);
		}
		if (!found) {
			key.dentry = w->dentry;
			origin = bpf_map_lookup_elem(&origins, &key);
			found = origin;
		}
		if (found)
			return w->status = put_prefix(s, w->position, origin);
		struct mount *mount = (struct mount *)(w->root - bpf_core_field_offset(struct mount, mnt));
		struct dentry *parent = BPF_CORE_READ(d, d_parent);
		if (d == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *below = BPF_CORE_READ(mount, mnt_parent);
			if (below == mount || !below)
				return w->status = NAME_NONE;
			w->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
			w->root = (u64)below + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		// No mount shows it: it was opened by handle, or reached from what was.
		if (parent == d || !parent)
			return w->status = NAME_LOST;
		s32 position = put_component(s, w->position, BPF_CORE_READ(d, d_name.name), BPF_CORE_READ(d, d_name.len));
		if (position < 0)
			return w->status = position;
		w->position = position;
		w->dentry = (u64)parent;
	}
	return w->status = WALKING;
}

// seen_walk walks all the way up once.
__noinline int seen_walk(struct scratch *s, u32 id)
{
	u32 before = rename_sequence();
	if (!s || before & 1)
		return NAME_UNSTABLE;
	s->walk.sequence = before;
	s->walk.dentry = s->from;
	s->walk.root = s->mount;
	s->walk.position = PATH_END;
	s->walk.container = id;
	s->walk.status = WALKING;
	for (int i = 0; i < SLOW_CALLS && s->walk.status == WALKING; i++)
		seen_steps(s);
	if (rename_sequence() != s->walk.sequence)
		return NAME_UNSTABLE;
	return s->walk.status == WALKING ? NAME_TOO_LONG : s->walk.status;
}

// seen_name names what lies on a file system that the container has mounted itself: s->from on
// s->mount. Only where it ends at a record is it a name of the container's.
__noinline int seen_name(struct scratch *s, u32 id)
{
	if (!s || !s->from || !s->mount)
		return NAME_NONE;
	int name = NAME_UNSTABLE;
	for (int try = 0; try < RETRIES && name == NAME_UNSTABLE; try++)
		name = seen_walk(s, id);
	return name;
}

// name_on names a directory entry by its origin or, on a file system of the container's own,
// as it is seen; s->seen says which. The result is forgotten as in origin_name.
static __always_inline s32 name_on(struct scratch *s, struct container *c, u32 id, struct dentry *dentry, struct vfsmount *mnt)
{
	s32 start = origin_name(s, c, id, dentry);
	u32 seen = 0;
	if (start == NAME_NONE) {
		s->from = (u64)dentry;
		s->mount = (u64)mnt;
		start = seen_name(s, id);
		seen = 1;
	}
	*(volatile u32 *)&s->seen = seen;
	return forget(s, start);
}

#define PROC_PREFIX 6 // "/proc/"

// own_pid_in returns the number of the running process as a proc file system shows it.
static __always_inline u32 own_pid_in(struct task_struct *task, struct super_block *sb)
{
	struct proc_fs_info *info = BPF_CORE_READ(sb, s_fs_info);
	struct pid_namespace *ns = BPF_CORE_READ(info, pid_ns);
	u32 level = BPF_CORE_READ(ns, level);
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	struct upid own = {};
	// The array ends behind the process's own level; what is read beyond is not its namespace.
	bpf_probe_read_kernel(&own, sizeof(own), (void *)pid + bpf_core_field_offset(struct pid, numbers) + (level & 63) * sizeof(struct upid));
	return own.ns == ns ? own.nr : 0;
}

// mark_self puts the marker before the pid in the name of a file below the caller's own
// /proc entry, so that it is judged under both its names. s->walk.sb is the file's.
__noinline int mark_self(struct scratch *s, u32 start)
{
	if (!s || start < 1 || start > PATH_END - PROC_PREFIX - 2)
		return start;
	// One byte more in front, for the marker.
	u8 *name = &s->path[within(start - 1)];
	if (name[2] != 'p' || name[3] != 'r' || name[4] != 'o' || name[5] != 'c' || name[6] != '/')
		return start;
	u32 pid = 0;
	for (int i = 0; i < 10; i++) {
		u32 at = start + PROC_PREFIX + i;
		if (at >= PATH_END)
			break;
		u8 digit = s->path[within(at)] - '0';
		if (digit > 9) {
			if (i == 0 || s->path[within(at)] != '/')
				return start;
			break;
		}
		pid = pid * 10 + digit;
	}
	if (!pid || pid != own_pid_in((struct task_struct *)bpf_get_current_task(), (struct super_block *)s->walk.sb))
		return start;
	name[0] = '/';
	name[1] = 'p';
	name[2] = 'r';
	name[3] = 'o';
	name[4] = 'c';
	name[5] = '/';
	name[6] = IMAGE_SELF_MARKER;
	return start - 1;
}
