//go:build ignore

// The programs that are attached to the kernel, by families of hooks.
#include "hooks/attribute.h"
#include "hooks/capability.h"
#include "hooks/code.h"
#include "hooks/exec.h"
#include "hooks/file.h"
#include "hooks/guard.h"
#include "hooks/handle.h"
#include "hooks/label.h"
#include "hooks/mount.h"
#include "hooks/move.h"
#include "hooks/network.h"
#include "hooks/record.h"
#include "hooks/syscall.h"
#include "hooks/trace.h"
#include "hooks/verdict.h"

// The types shared with Go that no map holds.
const struct placed *placed_type __attribute__((unused));
const struct event *event_type __attribute__((unused));
const enum event_kind *event_kind_type __attribute__((unused));
const enum event_flag *event_flag_type __attribute__((unused));
const enum counter *counter_type __attribute__((unused));
const enum guarded_kind *guarded_kind_type __attribute__((unused));
const enum start_parent *start_parent_type __attribute__((unused));

char LICENSE[] SEC("license") = "GPL";
