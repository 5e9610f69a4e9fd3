// Package cache keeps what the lab builds and downloads once a machine:
// kernels, file systems, disks, images.
//
// Everything lies under one folder that git ignores, in entries named by a
// hash of what they were made from. An entry appears whole or not at all, and
// only one process builds it, so labs can run side by side. All packages of
// the lab that keep files use it.
package cache
