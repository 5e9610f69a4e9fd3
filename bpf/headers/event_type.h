// What an event says. Policy, rule, tags and message are not in it: the agent knows them
// by profile and outcome.
#pragma once

#include "maps.h"

// Resource, source, parent, working directory and arguments, one behind the other.
#define EVENT_STRINGS (4 * PATH_END + EVENT_ARGUMENTS)
#define EVENT_ARGUMENTS 1024

enum event_kind { EVENT_FILE, EVENT_EXEC, EVENT_SOCKET, EVENT_CAPABILITY, EVENT_TRACE, EVENT_CONNECT, EVENT_SEND, EVENT_BIND, EVENT_LISTEN, EVENT_ACCEPT, EVENT_SYSCALL };

enum event_flag {
	EVENT_UNNAMED = 1, // the resource has no name in the container; its own tree's stands for it
	EVENT_READ = 2,
	EVENT_WRITE = 4,
	EVENT_CREATED = 8,
	EVENT_MAPPED = 16, // the program was not executed: its file was mapped executable
	EVENT_MEMORY = 32, // nor is it a file: memory was made executable
};

#define EVENT_TTY 16

struct event {
	// Up to repeats stands what tells one event from another: what equals in all of it, and in
	// the resource's name, is a repeat (fold.h).
	u64 profile;
	u32 container;
	u32 outcome;
	u8 kind;
	u8 flags;
	u16 family;
	u16 type;
	u16 protocol;
	u32 number; // of a capability; of a system call, its row in the image's table
	// Of an operation on an address: the address and the port behind it as on the wire, if any.
	u8 endpoint[20];
	u32 endpoint_len;
	u32 pid;
	u64 repeats; // events like this one that were folded into it since the last that was sent
	u64 time;    // nanoseconds since boot
	// As the host sees them, and as the container does.
	u32 tid;
	u32 ppid;
	u32 own_pid;
	u32 own_ppid;
	u32 uid;
	u32 resource_len;
	u32 source_len;
	u32 parent_len;
	u32 cwd_len;
	u32 arguments_len; // of what stands at the beginning of a new program's stack: more than the arguments, or less
	u32 arguments;     // how many there are
	u8 comm[16];
	u8 parent_comm[16];
	u8 tty[EVENT_TTY];
};

#define EVENT_SAME __builtin_offsetof(struct event, repeats)
