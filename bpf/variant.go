//go:build !set_patched

package bpf

const variant = ""
