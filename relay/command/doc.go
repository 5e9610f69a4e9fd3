// Package command is the command line of kubearmor-relay. cmd/kubearmor-relay calls it.
package command
