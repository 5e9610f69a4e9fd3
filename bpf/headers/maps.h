// What the programs know, and what they share with the agent. Each structure is
// defined here alone: the Go types are generated from it.
#pragma once

#include "image.h"
#include "kernel.h"

#define MAX_CONTAINERS 16384 // a power of two: the low bits of a container id
#define MAX_CGROUPS 32768
#define MAX_ORIGINS 262144
#define MAX_SLABS 64
#define VERDICTS 65536 // a power of two

// A name is built from its end: the last byte stands before path[PATH_END].
#define PATH_END 4096
#define PREFIX_MAX 255
#define SOURCE_INLINE 256 // longer names of programs are kept apart

// label is what a task keeps for life about the container it belongs to. Container and flags
// stay in front: programs of another version copy them (docs/design/lifecycle.md).
struct label {
	u32 container; // 0: none
	u32 flags;     // LABEL_*
	u32 epoch;     // of a task without container: when that was found
	u32 handle;    // handle_of what a handle was decoded to, until the task opens a file
	u32 source;    // the class of its program in the profile below
	u32 reserved;
	u64 source_profile; // 0: not found yet
};

#define LABEL_SETUP 1u   // it came from outside and has not exec'ed yet
#define LABEL_ENTERED 2u // likewise, and after the container's start
#define LABEL_LOADER 4u  // it is about to open the loader of what it executes
#define LABEL_LOADED 8u  // the loader was judged then
#define LABEL_EXEC (LABEL_LOADER | LABEL_LOADED) // of an exec of that very task

// program is the executable of an exec, by origin name.
struct program {
	u32 len; // 0: it has no name; beyond SOURCE_INLINE it stands in long_sources or long_sources_1
	u32 deleted; // that was the last one it had
	u8 name[SOURCE_INLINE];
};

// source is what a task of a container runs: the program of its last exec, and the one of an
// exec that is under way and may fail yet. Programs of another version copy it where it has the
// same size: another form needs another size, or another name of the map.
struct source {
	u32 container; // whose names these are
	u32 now;       // which of the two
	u32 pending;   // the other one is that of an exec that is under way
	u32 claimed;   // somebody keeps what was found of a task
	struct program programs[2];
};

// long_source is one of the two names, in a map of its own: no value of a task may have 8 KiB (Linux 7).
struct long_source {
	u8 name[PATH_END];
};

// call is a system call of a task that was reported: where it was made, and whether the kernel is
// about to begin it anew.
struct call {
	u32 row;
	u32 again;
	u64 ip;
	u64 sp;
};

// last_calls are the last one, and one that the kernel is about to begin anew, while a handler runs.
struct last_calls {
	struct call calls[2];
};

// container says which rules hold. The agent swaps them by one store to profile.
struct container {
	u64 profile;  // 0: none yet. Else slab + 1 in the low 16 bits, the address of the placed image, its generation
	u64 root_sb;  // the superblock of its root where no other mount shows it
	u32 id;       // the low bits are the index in the map
	u32 state;    // STARTING, ADMITTING
	u32 rounds;   // how often its place in the map was used: the high bits of id
	u32 names;    // moves when its records of mounts have changed; 0: there are none yet
};

#define STARTING 1u // tasks that are found in its cgroup are setting up
#define ADMITTING 2u // tasks that were in its cgroup before are being labelled; a move there may be one of theirs

#define PROFILE_SLAB_BITS 16

// placed is an image as it stands in a slab: the tables' places and the states are byte
// addresses in the slab.
struct placed {
	u32 magic;
	u32 version;
	u64 profile; // id for events
	u32 flags;
	u32 file_start;
	u32 exec_start;
	u32 name_start;
	u32 first_sink;
	u32 file_words;
	u32 exec_words;
	u32 exec_columns;
	u32 nodes;
	u32 socket_words;
	u32 capability_words;
	u32 outcomes;
	u32 num_outcomes;
	u32 exec_classes;
	u32 file_moves;
	u32 exec_moves;
	u32 handle_read; // outcomes, as in the image
	u32 handle_write;
	u32 handle_exec;
	u32 foreign;
	u32 bytes; // that it takes in the slab: an agent that takes over knows by it what is free
	u32 source_start;
	u32 source_sets;
	u32 source_flags;
	u32 trace_words;
	u32 outside_word;
	u32 endpoint4_start;
	u32 endpoint6_start;
	u32 endpoint_columns;
	u32 endpoint_width;
	u32 endpoint_words;
	u32 endpoint_rows;
	u32 argument_start;
	u32 fileless_set;
	u32 memory_word; // the outcome itself
	u32 syscall_words;
	u32 free_uses;
};

#define PLACED_ALIGN 256 // struct placed stands at a multiple of it

// origin_key finds the recorded path of a mount's root. dentry 0: the superblock has one
// record alone, its root, so the way up need not be looked up step by step.
struct origin_key {
	u32 container;
	u32 reserved;
	u64 sb;
	u64 dentry;
};

struct origin {
	u32 len; // without a trailing slash: 0 for the container's root
	u8 path[PREFIX_MAX + 1];
};

// located answers a request of the agent for the place of a directory entry.
struct located {
	u64 sb;
	u64 dentry;
	u32 is_root;
	u32 done;
};

// verdict is one on opening a file that need not be found again, while all of its members hold; see
// docs/design/verdicts.md. Others write it while it is read: what was read counts if version was the
// same, and even, before and behind.
struct verdict {
	u64 version; // odd while it is being written
	u64 inode;
	u64 dentry;
	u64 profile; // the container's word
	u32 container;
	u32 names;   // the container's
	u32 renames; // rename_sequence, even
	u32 links;
	u32 since;  // jiffies
	u32 access; // what is allowed and not reported
	u64 reserved;
};

// node is what the programs know of the node and its agent. quiet stays in front: an agent
// of another version sets it.
struct node {
	u32 quiet;        // another set of programs tells what is allowed and reported, and keeps the start gate
	u32 agent;        // its process; 0: none. Cleared when it ends
	u64 heartbeat;    // nanoseconds since boot, of the agent's last sign of life
	u64 answers_for;  // nanoseconds that a sign of life counts
	u64 opens_after;  // without an agent for longer than that, what start_closed closes is open
	u64 pins;         // inode of the folder of pins
	u32 pins_device;  // and its device; 0: nothing is pinned
	u32 start_gate;   // tasks without a container in a cgroup of start_parents are watched
	u32 start_closed; // their execs are denied while no agent answers
	u32 reserved;
	u64 syscalls[IMAGE_SYSCALL_ROWS / 64]; // by row: some profile in force names the call
};

// guarded_key names an object of ours in the kernel.
struct guarded_key {
	u32 kind;
	u32 id;
};

enum guarded_kind { GUARDED_MAP, GUARDED_PROGRAM, GUARDED_LINK };

enum start_parent { PARENT_OF_PODS = 1, PARENT_EXEMPT = 2 };

enum counter {
	COUNT_EVENTS,
	COUNT_EVENTS_DROPPED,  // the ring buffer was full; with the repeats folded into them
	COUNT_EVENTS_FOLDED,   // repeats, which stand in the count of another
	COUNT_MALFORMED,       // no image where one should be: denied
	COUNT_NO_SCRATCH,      // no buffer for a name: denied
	COUNT_UNSTABLE_NAMES,  // renamed again and again while being read: denied
	COUNT_LONG_NAMES,      // longer than PATH_MAX: judged as unnamed
	COUNT_LABELS_MISSING,  // task storage refused a label: found by cgroup each time
	COUNT_SETUP_EXEMPT,    // operations of tasks that set a container up
	COUNT_STARTS_OPEN,     // execs in pods without a label while no agent answered: let pass
	COUNT_STARTS_REFUSED,  // likewise: denied
	COUNT_STARTS_LATE,     // likewise: let pass since no agent has answered for too long
	COUNT_TAMPERING,       // a container's tries to get at what is ours: denied
	COUNT_SOURCES_MISSING, // the program of a task could not be kept or read: denied where a rule asks for it
	COUNTERS
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct label);
} labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct source);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct long_source);
} long_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct long_source);
} long_sources_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct last_calls);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, u32);
	__type(value, struct container);
} containers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, u64);
	__type(value, u32);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_SLABS);
	__type(key, u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_MMAPABLE);
		__uint(max_entries, 1);
		__uint(key_size, 4);
		__uint(value_size, IMAGE_SLAB_BYTES);
	});
} slabs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_ORIGINS);
	__type(key, struct origin_key);
	__type(value, struct origin);
} origins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct located);
} locating SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct node);
} nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct guarded_key);
	__type(value, u32);
} guarded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, u64); // of a cgroup
	__type(value, u32); // enum start_parent
} start_parents SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERDICTS);
	__type(key, u32);
	__type(value, struct verdict);
} verdicts SEC(".maps");

// epoch moves when a cgroup becomes a container's and when tasks move into one: what was
// found before about tasks without a container is then looked up again.
volatile u32 epoch = 1;

// links moves before an inode gets another name, and before it loses one of several.
volatile u32 links = 1;

static __always_inline struct node *this_node(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&nodes, &zero);
}

static __always_inline void count_many(u32 what, u64 how_many)
{
	u64 *n = bpf_map_lookup_elem(&counters, &what);
	if (n)
		*n += how_many;
}

static __always_inline void count(u32 what) { count_many(what, 1); }
