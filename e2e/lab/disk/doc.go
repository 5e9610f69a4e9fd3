// Package disk makes the disk images that guests mount. A guest never changes
// one: QEMU writes what the guest writes to a temporary file. Packages kernel
// and image make disks with it.
package disk
