// Repeats: an event that equals one sent by the same process less than a second ago is
// counted and not sent. The next one that is sent carries the count; where none comes, the
// agent collects it from the map. So a program that tries in a loop can't flood the buffer, and
// nothing goes uncounted.
#pragma once

#include "scratch.h"

#define FOLD_WINDOW 1000000000ULL // nanoseconds
#define MAX_FOLDS 4096

struct fold {
	u64 since; // nanoseconds since boot: when the event was sent
	u64 repeats;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_FOLDS);
	__type(key, struct fold_key);
	__type(value, struct fold);
} folds SEC(".maps");

// folded says that s->event is a repeat, and has counted it. Else the event is to be sent, with
// the repeats there have been. With no room in the map, or a long name, every event is sent.
static __always_inline bool folded(struct scratch *claimed, u32 start)
{
	u32 len = PATH_END - start;
	claimed->event.repeats = 0;
	// A map's key has to be known to the verifier as a map's value; an argument is not.
	u32 slot = claimed->slot;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	if (!s || len >= FOLD_NAME)
		return false;
	struct event *e = &s->event;
	struct fold_key *key = &s->fold_key;
	__builtin_memcpy(key->same, e, EVENT_SAME);
	__builtin_memset(key->name, 0, FOLD_NAME);
	if (len)
		bpf_probe_read_kernel(key->name, len & (FOLD_NAME - 1), &s->path[within(start)]);
	struct fold *f = bpf_map_lookup_elem(&folds, key);
	if (!f) {
		struct fold fresh = {.since = e->time};
		bpf_map_update_elem(&folds, key, &fresh, BPF_NOEXIST);
		return false;
	}
	if (e->time - f->since < FOLD_WINDOW) {
		__sync_fetch_and_add(&f->repeats, 1);
		count(COUNT_EVENTS_FOLDED);
		return true;
	}
	f->since = e->time;
	e->repeats = __sync_lock_test_and_set(&f->repeats, 0);
	return false;
}
