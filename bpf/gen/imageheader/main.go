// Command imageheader writes the constants of the image format as a C header: the one
// definition is policy/image/layout.go.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: imageheader LAYOUT.go OUT.h")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "imageheader:", err)
		os.Exit(1)
	}
}

func write(layout, out string) error {
	source, err := os.ReadFile(layout)
	if err != nil {
		return err
	}
	text, err := header(source)
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}
