// Package slab keeps compiled images where the programs read them: in map values of
// image.SlabBytes each. It places an image (turns its offsets into addresses), finds room
// for it and takes back room that no program reads any more.
//
// bpflsm is its only caller. Slabs are for one goroutine at a time.
package slab
