// Package policies tests each sample policy with the program it was written for, on a
// real kernel: applied to the running program, and from the program's creation. What a
// policy denies of what its program does anyway is collected from the events and compared
// with a list; docs/guides/samples.md documents the same lists.
//
// The tests have the build tag guest and run in a guest of the lab, all in one boot, by
// .ci/guest-policies KERNEL: each with an agent of its own, which takes over the programs of
// the one before. Those without the tag hold the samples, their completed variants and the
// guide against each other.
package policies
