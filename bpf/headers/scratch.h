// Buffers for names and events. They are not per processor: a program may be preempted in
// the middle of a name by a task that starts another. A slot is claimed and released.
#pragma once

#include "event_type.h"

#define SLOTS_PER_CPU 8
#define MAX_SLOTS 4096

// walk is a way up from a directory entry that is taken in several calls.
struct walk {
	u64 dentry;
	u64 sb;
	u64 root; // where the superblock has one record: its root
	u32 position;
	s32 status;
	u32 container;
	u32 raw; // up to the root of the file system, recorded or not
	u32 sequence; // of renames, before the walk
	u32 length;   // of the whole name
	u32 beyond;   // bytes at its end that are left out
	u32 reserved;
};

#define FOLD_NAME 256 // bytes of a resource's name, with a zero

// fold_key finds an event that has been sent; see fold.h.
struct fold_key {
	u64 same[EVENT_SAME / 8];
	u64 name[FOLD_NAME / 8];
};

// arguments are those of an exec; see arguments.h.
struct arguments {
	u64 table; // the topmost page table
	u64 start; // the address of the first
	u64 bytes; // arguments and environment
	u32 read;  // bytes that stand in other
	u32 at;    // where the next one begins
	u32 lists;
	u32 reserved;
};

struct scratch {
	u32 busy;
	u32 slot;
	u32 whole;  // the length of a name of which the beginning is read; else 0
	u32 denied; // what the event is about
	// A name stands before path[PATH_END]. The programs may look at up to PATH_END bytes
	// behind its start: other has to follow.
	u8 path[PATH_END];
	u8 other[PATH_END];
	u64 from;  // the directory entry that slow_name begins with
	u32 seen;  // the name was found by seen_name
	u32 renames; // their sequence while the name was read; odd: what is judged by it is not remembered
	u32 names;   // the container's, and links, before it was read
	u32 links;
	u64 mount; // the mount (struct vfsmount) by which seen_name goes up from there
	u64 forgotten;
	struct walk walk;
	struct arguments arguments;
	struct fold_key fold_key;
	struct event event; // the strings are sent with it and follow it
	u8 strings[EVENT_STRINGS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16); // set when loading: SLOTS_PER_CPU for each processor
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

const volatile u32 scratch_slots = 16;

// within bounds an index into a buffer where the verifier sees it: the compiler, which
// may know the bound, would drop it or keep it in another register.
static __always_inline u32 within(u32 index)
{
	barrier_var(index);
	return index & (PATH_END - 1);
}

// forget returns a value of which the verifier knows nothing any more. Up to 6.1 it follows what comes
// behind once for each value that it knows, be it a flag that is looked at once.
static __always_inline u64 forget(struct scratch *s, u64 value)
{
	*(volatile u64 *)&s->forgotten = value;
	return *(volatile u64 *)&s->forgotten;
}

#define NO_SLOT (~0u)

// claim_slot claims a buffer and returns its number. It is a global function, so that what follows
// in a hook is verified once and not for every buffer that may have been free.
__noinline u32 claim_slot(void)
{
	u32 first = bpf_get_smp_processor_id() * SLOTS_PER_CPU;
	for (u32 i = 0; i < 2 * SLOTS_PER_CPU; i++) {
		u32 slot = first + i;
		if (slot >= scratch_slots)
			slot -= scratch_slots;
		struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
		if (s && !__sync_val_compare_and_swap(&s->busy, 0, 1)) {
			s->slot = slot;
			return slot;
		}
	}
	count(COUNT_NO_SCRATCH);
	return NO_SLOT;
}

static __always_inline struct scratch *claim(void)
{
	u32 slot = claim_slot();
	return slot == NO_SLOT ? 0 : bpf_map_lookup_elem(&scratches, &slot);
}

static __always_inline void release(struct scratch *s)
{
	__sync_lock_test_and_set(&s->busy, 0);
}
