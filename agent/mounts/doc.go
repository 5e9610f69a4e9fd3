// Package mounts reads what a process sees mounted, from /proc/PID/mountinfo (proc(5)).
// The enforcers record a container's mounts by it; cgroup finds its hierarchy.
package mounts
