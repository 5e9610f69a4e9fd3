// Package cgroup finds and makes control groups of the unified hierarchy (cgroup v2). A
// container is a cgroup: what is in it, and below, belongs to the container.
package cgroup
