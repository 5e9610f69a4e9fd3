// From a name to a decision: the automaton and the tables of an image. The same code
// runs in the hooks and, natively, in the test program match.bpf.c.
#pragma once

#include "maps.h"

#define DECISION_MALFORMED ((u64)(IMAGE_OUTCOME_DENY | -IMAGE_OUTCOME_RANK) << 32 | 0xffffffffu)

// A decision is an outcome's index and, in the upper half, its flags.
static __always_inline u32 outcome_of(u64 decision) { return (u32)decision; }
static __always_inline bool denies(u64 decision) { return decision >> 32 & IMAGE_OUTCOME_DENY; }
static __always_inline bool reports(u64 decision) { return decision >> 32 & IMAGE_OUTCOME_REPORT; }

// image is what one operation needs of a placed image.
struct image {
	const u8 *slab;
	const struct placed *placed;
};

// word reads the word at a byte address. The mask keeps whatever stands in an image
// from reading outside of its slab.
static __always_inline u32 word(const u8 *slab, u64 at)
{
	return *(const u32 *)(slab + (at & (IMAGE_SLAB_BYTES - 4)));
}

// find_image resolves a container's profile word, which was read once.
static __always_inline bool find_image(struct image *image, u64 profile)
{
	u32 index = (profile & ((1 << PROFILE_SLAB_BITS) - 1)) - 1, zero = 0;
	void *inner = bpf_map_lookup_elem(&slabs, &index);
	if (!inner)
		return false;
	image->slab = bpf_map_lookup_elem(inner, &zero);
	if (!image->slab)
		return false;
	u64 at = profile >> PROFILE_SLAB_BITS & (IMAGE_SLAB_BYTES - PLACED_ALIGN);
	image->placed = (const struct placed *)(image->slab + at);
	return image->placed->magic == IMAGE_MAGIC && image->placed->version == IMAGE_VERSION;
}

#define CHUNK 64
#define NAME_BYTES 256 // no component of a path is longer
#define RECORD (8 * IMAGE_CELL_RECORD_COLUMN) // from a state to its record

struct slab {
	u8 bytes[IMAGE_SLAB_BYTES];
};

struct chunk {
	u8 bytes[CHUNK];
};

// run_bytes runs the automaton over n bytes from state s; n is at least one and has a bound that
// the verifier knows, and s is below sink. A state is the address of its row of cells {check,
// next}, one for each byte that a name may go on with; the cell behind them is its record {what it
// accepts, default}. Rows overlap: where a cell's check is another state, s goes to its default.
// From sink on no byte leads away.
//
// The loop is written in assembly: compilers spill in it and add a second counter, and it is what
// every operation pays for each byte. As i is known to the verifier in every round and n is
// bounded once, the one comparison at its end also proves that it ends. That a sink was reached is
// only looked at behind a default: every byte in a sink ends there.
static __always_inline u64 run_bytes(const struct slab *slab, const u8 *p, u64 n, u64 s, u64 sink)
{
	u64 i = 0, cell, check;
	asm volatile("step_%=:"
		     "%[cell] = *(u8 *)(%[p] + 0);"
		     "%[cell] <<= 3;"
		     "%[cell] += %[s];"
		     "%[cell] &= %[mask];"
		     "%[cell] += %[slab];"
		     "%[check] = *(u32 *)(%[cell] + 0);"
		     "if %[check] == %[s] goto own_%=;"
		     "%[s] += %[record];"
		     "%[s] &= %[mask];"
		     "%[s] += %[slab];"
		     "%[s] = *(u32 *)(%[s] + 4);"
		     "if %[s] < %[sink] goto more_%=;"
		     "goto end_%=;"
		     "own_%=:"
		     "%[s] = *(u32 *)(%[cell] + 4);"
		     "more_%=:"
		     "%[p] += 1;"
		     "%[i] += 1;"
		     "if %[n] > %[i] goto step_%=;"
		     "end_%=:"
		     : [s] "+r"(s), [p] "+r"(p), [i] "+r"(i), [cell] "=&r"(cell), [check] "=&r"(check)
		     : [slab] "r"(slab), [sink] "r"(sink), [n] "r"(n), [mask] "i"(IMAGE_SLAB_BYTES - 8), [record] "i"(RECORD)
		     : "memory");
	return s;
}

// step_chunk runs the automaton over n bytes, at most CHUNK, from state s.
//
// It is a global function, so that it is verified once and not with each of its callers; each
// of its rounds costs the verifier a hundred instructions, so it has few.
__noinline u64 step_chunk(const struct slab *slab, const struct chunk *chunk, u64 n, u64 s, u64 sink)
{
	if (!slab || !chunk || n == 0 || s >= sink)
		return s;
	if (n > CHUNK)
		n = CHUNK;
	return run_bytes(slab, (const u8 *)chunk, n, s, sink);
}

// step_bytes runs the automaton over n bytes, at most max, a number that is known when compiling;
// behind p there are that many.
static __always_inline u64 step_bytes(const struct image *image, u64 s, const u8 *p, u64 n, u32 max)
{
	for (u32 i = 0; i < max / CHUNK; i++) {
		s = step_chunk((const struct slab *)image->slab, (const struct chunk *)p, n, s, image->placed->first_sink);
		if (n <= CHUNK)
			break;
		n -= CHUNK;
		p += CHUNK;
	}
	return s;
}

// accepted returns what the automaton says in state s.
static __always_inline u64 accepted(const struct image *image, u64 s)
{
	return word(image->slab, s + RECORD) & ~IMAGE_CELL_RECORD;
}

// A caller is what questions ask for: conditions, and in the upper half the class of its
// program.
static __always_inline u64 caller(u32 conditions, u32 class) { return conditions | (u64)class << 32; }

// next_answer goes on from a question to the answer that holds for the caller. It and follow are global
// functions, as step_chunk.
__noinline u64 next_answer(const struct slab *slab, u64 node, u64 who)
{
	if (!slab)
		return 0;
	u32 condition = word(slab->bytes, node);
	u32 yes = (u32)who >> (condition & 31) & 1;
	if (condition >= IMAGE_CONDITION_SOURCE)
		yes = who >> 32 >= condition - IMAGE_CONDITION_SOURCE;
	return word(slab->bytes, node + (yes ? 4 : 8));
}

// follow answers the questions that a decision word asks.
__noinline u64 follow(const struct slab *slab, u64 placed_at, u64 w, u64 who)
{
	if (!slab || placed_at > IMAGE_SLAB_BYTES - sizeof(struct placed))
		return DECISION_MALFORMED;
	const struct placed *placed = (const struct placed *)&slab->bytes[placed_at];
	for (int i = 0; i < IMAGE_MAX_QUESTIONS && w & IMAGE_WORD_NODE; i++)
		w = next_answer(slab, placed->nodes + (w & ~IMAGE_WORD_NODE) * 12, who);
	if (w >= placed->num_outcomes)
		return DECISION_MALFORMED;
	return w | (u64)word(slab->bytes, placed->outcomes + w * 4) << 32;
}

// settle turns a decision word into a decision.
static __always_inline u64 settle(const struct image *image, u32 w, u64 who)
{
	return follow((const struct slab *)image->slab, (u64)((const u8 *)image->placed - image->slab), w, who);
}

// UNNAMED is the set of rules that match a file without a name: none.
#define UNNAMED 0

static __always_inline u64 program_set(const struct image *image, const u8 *name, u64 len)
{
	const struct placed *p = image->placed;
	return accepted(image, step_bytes(image, p->exec_start, name, len, PATH_END));
}

static __always_inline u64 file_set(const struct image *image, const u8 *name, u64 len)
{
	const struct placed *p = image->placed;
	return accepted(image, step_bytes(image, p->file_start, name, len, PATH_END));
}

// class_of returns the class of a program by its name; behind the name there are PATH_END bytes.
static __always_inline u32 class_of(const struct image *image, const u8 *name, u64 len, u32 deleted)
{
	const struct placed *p = image->placed;
	return accepted(image, step_bytes(image, p->source_start, name, len, PATH_END)) + (deleted ? p->source_sets : 0);
}

static __always_inline u32 flags_of_class(const struct image *image, u32 class)
{
	return word(image->slab, image->placed->source_flags + (u64)class * 4);
}

// decide_trace decides on ptracing a program of a class.
static __always_inline u64 decide_trace(const struct image *image, u32 target, u64 who)
{
	return settle(image, word(image->slab, image->placed->trace_words + (u64)target * 4), who);
}

static __always_inline u64 decide_file(const struct image *image, u64 set, u32 op, u64 who)
{
	return settle(image, word(image->slab, image->placed->file_words + (set * IMAGE_FILE_OPS + op) * 4), who);
}

// answers_alike says that a file rule's decision does not depend on the caller.
static __always_inline bool answers_alike(const struct image *image, u64 set, u32 op)
{
	return !(word(image->slab, image->placed->file_words + (set * IMAGE_FILE_OPS + op) * 4) & IMAGE_WORD_NODE);
}

// decide_alone decides where it does not matter which file it is: outcome is one of placed's.
static __always_inline u64 decide_alone(const struct image *image, u32 outcome) { return settle(image, outcome, 0); }

// worse picks the decision that holds where there are two: the one that ranks higher.
static __always_inline u64 worse(u64 a, u64 b) { return a >> 32 >= b >> 32 ? a : b; }

// gives_away decides, for two words on classes, whether what has the old name may get the
// new one; see IMAGE_MOVE_CONSTANT.
static __always_inline u64 gives_away(const struct image *image, u64 table, u32 from, u32 to, u32 dir)
{
	u32 at = word(image->slab, table + ((u64)(from >> IMAGE_MOVE_COLUMN_BITS) * 2 + dir) * 4);
	if (at & IMAGE_MOVE_CONSTANT)
		return settle(image, at & ~IMAGE_MOVE_CONSTANT, 0);
	return settle(image, word(image->slab, table + ((u64)at + (to & ((1 << IMAGE_MOVE_COLUMN_BITS) - 1))) * 4), 0);
}

// side is the sets of both automata for one name of a move.
struct side {
	u64 file;
	u64 program;
};

static __always_inline u32 file_class(const struct image *image, const struct side *side)
{
	return word(image->slab, image->placed->file_words + (side->file * IMAGE_FILE_OPS + IMAGE_FILE_CLASS) * 4);
}

static __always_inline u32 exec_class(const struct image *image, const struct side *side)
{
	return word(image->slab, image->placed->exec_classes + side->program * 4);
}

// decide_names decides on giving another name away, by the rules of both categories.
static __always_inline u64 decide_names(const struct image *image, const struct side *from, const struct side *to, u32 dir)
{
	const struct placed *p = image->placed;
	return worse(gives_away(image, p->file_moves, file_class(image, from), file_class(image, to), dir),
		     gives_away(image, p->exec_moves, exec_class(image, from), exec_class(image, to), dir));
}

static __always_inline u64 decide_exec(const struct image *image, u64 set, u64 column, u64 who)
{
	const struct placed *p = image->placed;
	return settle(image, word(image->slab, p->exec_words + (set * p->exec_columns + column) * 4), who);
}

// FILELESS is the set of rules for a program that is no file.
#define FILELESS(image) ((image)->placed->fileless_set)

// decide_memory decides on making memory executable.
static __always_inline u64 decide_memory(const struct image *image) { return decide_alone(image, image->placed->memory_word); }

// started_by returns the column of the program table for the last component of the name
// that was given to exec.
static __always_inline u64 started_by(const struct image *image, const u8 *name, u64 len)
{
	const struct placed *p = image->placed;
	return accepted(image, step_bytes(image, p->name_start, name, len, NAME_BYTES));
}

// argument_lists returns, as bits, the lists that an argument is in. It stands behind a slash; there
// are PATH_END bytes from that on.
static __always_inline u32 argument_lists(const struct image *image, const u8 *p, u64 len)
{
	return accepted(image, step_bytes(image, image->placed->argument_start, p, len, PATH_END));
}

static __always_inline u64 decide_socket(const struct image *image, u32 class, u64 who)
{
	return settle(image, word(image->slab, image->placed->socket_words + (u64)(class & (IMAGE_SOCKET_CLASSES - 1)) * 4), who);
}

// decide_syscall decides on a system call by its row, in an image that has FLAG_SYSCALLS.
static __always_inline u64 decide_syscall(const struct image *image, u32 row, u64 who)
{
	return settle(image, word(image->slab, image->placed->syscall_words + (u64)row * 4), who);
}

static __always_inline u64 decide_capability(const struct image *image, u32 cap, u64 who)
{
	if (cap >= IMAGE_CAPABILITY_WORDS)
		cap = IMAGE_CAPABILITY_WORDS - 1;
	return settle(image, word(image->slab, image->placed->capability_words + (u64)cap * 4), who);
}
