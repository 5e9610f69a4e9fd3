package debian

import (
	"fmt"
	"os"
	"strings"
)

// Suite is a release of Debian, with the archives its packages come from.
type Suite string

// Suites the lab draws from.
const (
	Bullseye        Suite = "bullseye"
	Bookworm        Suite = "bookworm"
	Trixie          Suite = "trixie"
	TrixieBackports Suite = "trixie-backports"
	Sid             Suite = "sid"
)

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// sources is the suite's sources.list.
func (s Suite) sources(m Mirror) string {
	option := ""
	if _, err := os.Stat(keyring); err == nil {
		option = "[signed-by=" + keyring + "] "
	}
	var b strings.Builder
	fmt.Fprintf(&b, "deb %s%s %s main\n", option, m.Main, s)
	if s != Sid && !strings.Contains(string(s), "-") {
		fmt.Fprintf(&b, "deb %s%s %s-security main\n", option, m.Security, s)
	}
	return b.String()
}
