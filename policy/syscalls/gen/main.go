// Command gen writes the names of system calls by number, from the constants of golang.org/x/sys
// in the version that a module of this repository requires.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen MODULE OUT.go")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(module, out string) error {
	dir, err := source(module)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("// Code generated from golang.org/x/sys/unix. DO NOT EDIT.\n\npackage syscalls\n")
	all := map[string]bool{}
	for _, t := range []struct{ function, file string }{{"amd64", "zsysnum_linux_amd64.go"}, {"i386", "zsysnum_linux_386.go"}} {
		text, err := os.ReadFile(filepath.Join(dir, "unix", t.file))
		if err != nil {
			return err
		}
		names, err := table(text)
		if err != nil {
			return fmt.Errorf("%s: %w", t.file, err)
		}
		writeTable(&b, t.function, names)
		for _, name := range names {
			all[name] = true
		}
	}
	fmt.Fprintf(&b, "\n// named says whether one of the tables has the name.\nfunc named(name string) bool {\n\tswitch name {\n\tcase \"%s\":\n\t\treturn true\n\t}\n\treturn false\n}\n",
		strings.Join(slices.Sorted(maps.Keys(all)), "\",\n\t\t\""))
	formatted, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(out, formatted, 0o644)
}

// source returns the folder of golang.org/x/sys in the version that a module requires.
func source(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", "golang.org/x/sys")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find golang.org/x/sys: %w", err)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(text, &found); err != nil {
		return "", fmt.Errorf("find golang.org/x/sys: %w", err)
	}
	return found.Dir, nil
}

// table reads the calls of a file of constants.
func table(text []byte) (map[int]string, error) {
	constant := regexp.MustCompile(`(?m)^\s*SYS_(\w+)\s+= (\d+)$`)
	names := map[int]string{}
	for _, m := range constant.FindAllSubmatch(text, -1) {
		number, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(string(m[1]))
		if other, known := names[number]; known {
			return nil, fmt.Errorf("%d is both %s and %s", number, other, name)
		}
		names[number] = name
	}
	if len(names) < 300 {
		return nil, fmt.Errorf("%d constants are too few", len(names))
	}
	return names, nil
}

// writeTable writes a function that names calls by number.
func writeTable(b *bytes.Buffer, function string, names map[int]string) {
	fmt.Fprintf(b, "\nfunc %s(number int) string {\n\tswitch number {\n", function)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(b, "\tcase %d:\n\t\treturn %q\n", n, names[n])
	}
	b.WriteString("\t}\n\treturn \"\"\n}\n")
}
