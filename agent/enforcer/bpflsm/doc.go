// Package bpflsm enforces profiles with BPF programs on LSM hooks.
//
// It owns the programs of kubearmor.io/bpf while they are attached and all their maps. One
// fixed set of programs is loaded; a profile is an image in a slab, and a container's entry
// names the image that holds. Changing a container's policies writes a new image beside the
// old one and stores one word.
//
// With Options.Keep programs and maps are pinned and what is not in maps is recorded, so that
// enforcement outlives the agent's process and the next one takes over: docs/design/lifecycle.md.
// Without, it ends with the process. The programs need Linux 6.1: task storage (5.11), atomic exchange (5.12), and LSM
// programs that are not skipped when two tasks are inside of one on the same processor (6.1).
package bpflsm
