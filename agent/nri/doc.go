// Package nri hears of containers from the container runtime, by the Node Resource Interface
// that containerd and CRI-O speak: while the runtime waits for the answer to StartContainer, the
// container's first process exists and its program does not run yet.
//
// A Plugin connects, and connects again when the runtime was restarted. It checks what it is
// told, finds each container's cgroup, and calls a Handler: for one container one call after
// another, for different ones at the same time, each with a deadline well below the
// runtime's, which would disconnect a plugin that is slower.
package nri
