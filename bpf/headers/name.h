// What the hooks on files and on programs share about names.
#pragma once

#include "scene.h"

// event_name makes the name for an event: without the marker of /proc, and for a file that
// has none in the container that in its own tree.
static __always_inline u32 event_name(struct scratch *s, struct event *e, struct dentry *dentry, s32 start)
{
	if (cut(start))
		e->flags |= EVENT_UNNAMED;
	if (start < 0) {
		e->flags |= EVENT_UNNAMED;
		s->from = (u64)dentry;
		start = slow_name(s, e->container, 1);
	} else if (start < PATH_END - PROC_PREFIX - 1 && s->path[within(start + PROC_PREFIX)] == IMAGE_SELF_MARKER) {
		// The marker moved six bytes forward by one: move them back.
		u8 *name = &s->path[within(start)];
		name[6] = '/';
		name[5] = 'c';
		name[4] = 'o';
		name[3] = 'r';
		name[2] = 'p';
		name[1] = '/';
		start++;
	}
	return start < 0 || start > PATH_END ? PATH_END : start;
}
