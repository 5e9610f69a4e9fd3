// Package image builds root file systems from Debian packages, without Docker
// or a registry: the guests' own, and those of the containers that tests run.
//
// A root file system is a recipe: packages, and steps that do what packages'
// scripts would have done. It is built once, as root, into the cache. Package
// lab and `lab image` call it.
package image
