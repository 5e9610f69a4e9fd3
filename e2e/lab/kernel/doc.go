// Package kernel gets the kernels that guests run.
//
// A kernel line such as 6.1 is what Debian's metapackage in one suite points
// at; which build that is changes with every security update, so it is looked
// up, never written down. The package is unpacked, its modules are decompressed
// and put on a disk, and the few that a guest needs before it has disks go into
// an initramfs. Package lab calls it.
package kernel
