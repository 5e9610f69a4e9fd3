// Package cpio writes the archives that Linux takes as an initramfs ("newc"
// format). Package kernel builds the guests' initramfs with it.
package cpio
