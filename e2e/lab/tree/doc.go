// Package tree packs and unpacks file trees as tar archives with owners and
// modes kept. The host packs what a guest gets, the guest's init unpacks it,
// and package debian unpacks packages with it.
package tree
