// Package bpf holds the programs that enforce in the kernel, and the generated Go that
// embeds them. enforcer.bpf.c attaches to LSM hooks and trace points; match.bpf.c is
// its decision path alone, for tests and benchmarks that run without an LSM.
//
// Policies are never compiled into programs: they live in maps as images (see
// policy/image). The agent's enforcer/bpflsm loads this package and fills the maps.
package bpf

//go:generate go run ./gen/imageheader ../policy/image/layout.go headers/image.h
//go:generate go tool bpf2go -cc clang-19 -cflags "-O2 -g -mcpu=v3 -Wall -Werror" -target bpfel -type request -type request_kind -type placed Match match.bpf.c
//go:generate go tool bpf2go -cc clang-19 -cflags "-O2 -g -mcpu=v3 -Wall -Werror" -target bpfel -type event -type event_kind -type event_flag -type counter -type guarded_kind -type start_parent Enforcer enforcer.bpf.c
//go:generate go tool bpf2go -cc clang-19 -cflags "-O2 -g -mcpu=v3 -Wall -Werror" -target bpfel Handover handover.bpf.c
