// Package guest is what runs as process 1 in a lab guest: it loads the modules
// a guest needs first, mounts the disks the host names, runs the commands the
// host sends, reaps orphans, and reports how commands ended.
//
// The program is cmd/labinit; the host's side is package lab; what they say to
// each other is package wire.
package guest
