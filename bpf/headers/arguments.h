// The arguments of an exec. They are read from the pages that the kernel has copied them to, in
// the memory that the new program will have: nobody else can reach that yet. No helper reads
// another memory than the caller's in these hooks, so the page tables are walked here, as x86-64
// lays them out (arch/x86/include/asm/pgtable_types.h). Where that fails, for whatever reason,
// the arguments can't be read, which no Allow matches.
#pragma once

#include "decide.h"
#include "scratch.h"

#define MAX_ARGUMENTS 256 // that are looked at, without the first; all have to fit into PATH_END bytes

#define PAGE_BYTES 4096
#define TABLE_BITS 9
#define PAGE_SHIFT 12
#define ENTRY_PRESENT 1u
#define ENTRY_LEAF (1u << 7)
#define ENTRY_FRAME 0x000ffffffffff000ULL

// Variables of the kernel's, which not every configuration has.
extern void page_offset_base __ksym __weak; // where all memory is mapped
extern void pgdir_shift __ksym __weak;      // of the topmost table: 39, or 48 with five levels
extern void sme_me_mask __ksym __weak;      // the bit that says encrypted, where AMD's processors do that

// reads_arguments says that the machine is one whose tables are known.
const volatile bool reads_arguments = false;

static __always_inline u64 kernel_variable(const void *at, u32 bytes, u64 otherwise)
{
	u64 value = 0;
	if (!at || bpf_probe_read_kernel(&value, bytes & 15, at))
		return otherwise;
	return value;
}

static __always_inline u64 top_shift(void) { return kernel_variable(&pgdir_shift, 4, 39); }

static __always_inline u64 all_memory(void)
{
	return kernel_variable(&page_offset_base, 8, top_shift() == 39 ? 0xffff888000000000 : 0xff11000000000000);
}

static __always_inline u64 frame_bits(void) { return ENTRY_FRAME & ~kernel_variable(&sme_me_mask, 8, 0); }

// page_entry returns where the table entry of a page stands; 0: it has none.
__noinline u64 page_entry(u64 table, u64 address)
{
	u64 shift = top_shift(), memory = all_memory(), frame = frame_bits();
	for (int level = 0; level < 5; level++) {
		u64 at = table + (address >> (shift & 63) & ((1 << TABLE_BITS) - 1)) * 8, entry = 0;
		if (bpf_probe_read_kernel(&entry, sizeof(entry), (void *)at) || !(entry & ENTRY_PRESENT))
			return 0;
		if (shift == PAGE_SHIFT)
			return at;
		if (entry & ENTRY_LEAF)
			return 0;
		table = memory + (entry & frame);
		shift -= TABLE_BITS;
	}
	return 0;
}

// read_page copies from one page to s->other[to]. The entry is looked at again behind that: the
// kernel may have taken the page away.
__noinline int read_page(struct scratch *s, u32 to, u64 address, u32 len)
{
	if (!s || to >= PATH_END || len > PAGE_BYTES)
		return 0;
	u64 at = page_entry(s->arguments.table, address), entry = 0, after = 0;
	if (!at || bpf_probe_read_kernel(&entry, sizeof(entry), (void *)at))
		return 0;
	u64 frame = frame_bits();
	void *data = (void *)(all_memory() + (entry & frame) + (address & (PAGE_BYTES - 1)));
	barrier_var(len); // the compiler would drop the mask, and the verifier not see the bound
	if (bpf_probe_read_kernel(&s->other[within(to)], len & (2 * PATH_END - 1), data))
		return 0;
	return !bpf_probe_read_kernel(&after, sizeof(after), (void *)at) && after & ENTRY_PRESENT && !((entry ^ after) & frame);
}

// read_arguments copies what stands at the beginning of the new stack, as far as there is room.
__noinline int read_arguments(struct scratch *s)
{
	if (!s)
		return 0;
	struct arguments *a = &s->arguments;
	u32 room = a->bytes < PATH_END ? a->bytes : PATH_END, first = PAGE_BYTES - (a->start & (PAGE_BYTES - 1));
	if (first > room)
		first = room;
	a->read = read_page(s, 0, a->start, first) ? first : 0;
	if (a->read && first < room && read_page(s, first, a->start + first, room - first))
		a->read = room;
	return 0;
}

// next_argument goes on by one; lists keeps the bits of those that it is in, too.
__noinline int next_argument(struct scratch *s, const struct slab *slab, u64 placed_at, u32 index)
{
	if (!s || !slab || placed_at > IMAGE_SLAB_BYTES - sizeof(struct placed))
		return 0;
	struct arguments *a = &s->arguments;
	struct image image = {slab->bytes, (const struct placed *)&slab->bytes[placed_at]};
	u32 at = a->at;
	long n = at < PATH_END ? bpf_probe_read_kernel_str(s->strings + 1, PATH_END, &s->other[within(at)]) : 0;
	if (n <= 0 || n >= PATH_END || at + n > a->read) {
		a->lists = 0;
		return 0;
	}
	a->at = at + n;
	s->strings[0] = '/';
	if (index)
		a->lists &= argument_lists(&image, s->strings, n);
	return 1;
}

// find_arguments says where the arguments of an exec stand.
static __always_inline void find_arguments(struct scratch *s, struct linux_binprm *bprm)
{
	struct arguments *a = &s->arguments;
	a->table = (u64)BPF_CORE_READ(bprm, mm, pgd);
	a->start = bprm->p;
	a->bytes = bprm->exec - bprm->p;
	a->at = 0;
}

// report_arguments has the event of an exec tell them.
static __always_inline void report_arguments(struct scratch *s, struct event *e, struct linux_binprm *bprm)
{
	if (!reads_arguments)
		return;
	find_arguments(s, bprm);
	read_arguments(s);
	e->arguments = bprm->argc;
}

// lists_of_arguments returns, as bits, the lists that all arguments after the first are in. It needs
// s->other and s->strings.
static __always_inline u32 lists_of_arguments(const struct image *image, struct scratch *s, struct linux_binprm *bprm)
{
	u32 count = bprm->argc;
	if (!reads_arguments || count > MAX_ARGUMENTS + 1)
		return 0;
	find_arguments(s, bprm);
	*(volatile u32 *)&s->arguments.lists = IMAGE_ARGUMENT_LISTS;
	read_arguments(s);
	for (u32 i = 0; i < MAX_ARGUMENTS + 1 && i < count; i++)
		if (!next_argument(s, (const struct slab *)image->slab, (u64)((const u8 *)image->placed - image->slab), i))
			break;
	return *(volatile u32 *)&s->arguments.lists;
}
