// Command gen writes the manifest of package admission to the file it is given.
package main

import (
	"fmt"
	"os"

	"kubearmor.io/api/admission"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(admission.UnknownFields()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
