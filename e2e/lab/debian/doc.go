// Package debian gets files out of Debian packages without installing them.
//
// It keeps an apt state of its own for each suite, whose mirror is the one the
// host's apt is configured with, and unpacks packages into folders. Nothing of
// the host's package database is touched. Packages kernel and image call it.
package debian
