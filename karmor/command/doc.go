// Package command assembles the command tree of karmor and owns what all commands share:
// the name under which they show themselves, how errors are printed, and exit statuses.
// cmd/karmor calls it; each group of commands is a package of its own.
package command
