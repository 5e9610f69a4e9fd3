// Package qemu starts emulated machines: the command line as a pure function
// of a Machine, and the process with its two channels, the virtio-serial port
// and the console. Package lab calls it.
package qemu
