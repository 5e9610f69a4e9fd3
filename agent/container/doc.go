// Package container makes the small container of `kubearmor-agent run`: a cgroup's first
// process with a mount namespace, and a root if one is given. It starts in two steps, so
// that enforcement can be put in force in between: Start prepares everything and holds,
// Resume runs the command. It knows nothing of policies or of BPF.
package container
