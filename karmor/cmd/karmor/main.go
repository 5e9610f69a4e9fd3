// Command karmor is KubeArmor's command line. Under the name kubectl-karmor it is a
// plugin of kubectl.
package main

import (
	"os"

	"kubearmor.io/karmor/command"
)

// version is written in by the linker (-X main.version=…) where a release is built; without
// it, karmor shows what the toolchain knows.
var version string

func main() {
	os.Exit(command.Main(os.Args, version))
}
