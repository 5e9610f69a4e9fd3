package main

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"kubearmor.io/e2e/lab"
)

// parseAdd reads HOSTPATH:GUESTPATH. The guest's path comes last and is absolute,
// so a colon in the host's does no harm.
func parseAdd(text string) (lab.Add, error) {
	i := strings.LastIndex(text, ":/")
	if i <= 0 {
		return lab.Add{}, fmt.Errorf("--add %q: give HOSTPATH:GUESTPATH, with an absolute path in the guest", text)
	}
	return lab.Add{Host: text[:i], Path: path.Clean(text[i+1:])}, nil
}

// parseForward reads HOSTPORT:GUESTPORT.
func parseForward(text string) (lab.Forward, error) {
	host, guest, _ := strings.Cut(text, ":")
	from, err := parsePort(host)
	if err != nil {
		return lab.Forward{}, fmt.Errorf("--forward %q: host's port: %w", text, err)
	}
	to, err := parsePort(guest)
	if err != nil {
		return lab.Forward{}, fmt.Errorf("--forward %q: guest's port: %w", text, err)
	}
	return lab.Forward{Host: from, Guest: to}, nil
}

func parsePort(text string) (int, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("%q is no port: give HOSTPORT:GUESTPORT, each from 1 to 65535", text)
	}
	return int(port), nil
}
