// Package container drives real containers: it makes them (package oci of the lab), runs
// programs in them as `kubectl exec` does, with and without a terminal, and asks their
// servers over the network from outside. The exercise and the guest tests call it; it
// knows nothing of policies.
package container
