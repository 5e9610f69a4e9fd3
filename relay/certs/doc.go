// Package certs keeps the relay's side of mutual TLS: its certificate and the authority whose
// clients it answers. The files are looked at for each new connection, so that exchanging them
// needs no restart; while they don't fit together, what was read before holds.
package certs
