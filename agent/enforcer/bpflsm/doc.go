// Package bpflsm enforces profiles with BPF programs on LSM hooks.
//
// It owns the programs of kubearmor.io/bpf while they are attached and all their maps. One
// fixed set of programs is loaded; a profile is an image in a slab, and a container's entry
// names the image that holds. Changing a container's policies writes a new image beside the
// old one and stores one word.
//
// The programs are attached without pins: when the agent's process ends, so does
// enforcement. They need Linux 6.1: task storage (5.11), atomic exchange (5.12), and LSM
// programs that are not skipped when two tasks are inside of one on the same processor (6.1).
package bpflsm
