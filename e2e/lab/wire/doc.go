// Package wire is the protocol between the lab on the host and the init
// process in a guest: frames over one virtio-serial port.
//
// One port instead of one per stream, because frames on one port keep their
// order: a command's exit status arrives after its last byte of output. Every
// frame carries the number of the command it belongs to, so several commands
// can run side by side in one guest. Both sides are callers: package lab on
// the host, package guest inside.
package wire
