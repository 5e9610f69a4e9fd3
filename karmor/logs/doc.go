// Package logs is `karmor logs`: events of a relay, printed as they come. The relay selects
// them; what they look like is package event's.
package logs
