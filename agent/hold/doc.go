// Package hold keeps the roots of containers' mounts from being freed, also while no agent
// runs: the kernel's records name them by address, and an address that is used again would give
// another file a name that it does not have.
//
// Each is held by a mount of its own, a clone, in a mount namespace in which nothing else is
// and no process runs. A mount on /run/kubearmor keeps the namespace. Clones keep no mount of a
// container busy: it may unmount what it wants, and does.
package hold
