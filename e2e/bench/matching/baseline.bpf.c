//go:build ignore

// What the matching is measured against: the way existing systems judge a path. Each prefix
// of the path that ends in '/' is looked up in a hash map, and so is the whole path; the
// longest that is found decides. It is written as lean as it can be: the key grows in place,
// nothing is copied twice, and neither the program that asks nor flags are part of the key.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

// KEY is the size of a key in bytes: 64 and 256 are what such systems use. A path that is
// longer than its key is cut off.
#ifndef KEY
#error "compile with -DKEY=64 or -DKEY=256"
#endif

#define MAX_PATH 4096

struct request {
	__u32 length;
	__u32 verdict; // of the longest prefix that has a rule; 0: none has
	char path[MAX_PATH];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct request);
} requests SEC(".maps");

struct key {
	char prefix[KEY];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct key);
	__type(value, __u32);
} rules SEC(".maps");

SEC("tc")
int lookup_per_directory(struct __sk_buff *skb)
{
	struct key key = {};
	__u32 zero = 0, verdict = 0;
	struct request *r = bpf_map_lookup_elem(&requests, &zero);

	if (!r)
		return TC_ACT_SHOT;
	for (__u32 i = 0; i < KEY && i < r->length; i++) {
		char c = r->path[i];

		key.prefix[i] = c;
		if (c == '/' || i + 1 == r->length || i + 1 == KEY) {
			__u32 *rule = bpf_map_lookup_elem(&rules, &key);

			if (rule)
				verdict = *rule;
		}
	}
	r->verdict = verdict;
	return TC_ACT_OK;
}

// What a test run costs without a program in it.
SEC("tc")
int empty(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
