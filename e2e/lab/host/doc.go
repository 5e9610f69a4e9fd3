// Package host is about the machine the lab runs on: which programs it needs
// and how they get there. Package lab calls it before a boot, `lab deps` by itself.
package host
