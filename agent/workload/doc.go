// Package workload keeps the containers of pods under the policies that select them. A
// container source (package nri) says which containers there are; the policies, and what the
// cluster says of namespaces and pods, come as data. The Protector turns both into calls of an
// enforcer: it owns which container is added to it, and which profile is in force.
package workload
