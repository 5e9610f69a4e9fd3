// Package matching measures what it costs to find the decision about a name: the product's
// matching code, compiled from the same source as its hooks and fed with images that
// image.Compile made from real policies, beside the hash look-up per directory that existing
// systems do (baseline.bpf.c). Both run natively in the kernel, by program test run, without
// a hook around them, and net of an empty program; so the figures are comparable to each
// other and say nothing about what a hook costs, which is package hooks' business.
//
// It owns the baseline program, the policies that are measured and the goals that are held
// against the result. Command bench is its only caller.
package matching
