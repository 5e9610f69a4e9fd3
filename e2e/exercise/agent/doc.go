// Package agent runs `kubearmor-agent attach` on one container and keeps the events it
// prints; the tests of a guest may share the programs that agents load. It knows the agent
// by its command line and its JSON alone, as any user does. The exercise and the guest
// tests call it.
package agent
