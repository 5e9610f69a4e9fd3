package explain

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxImages is how many images of one exec the kernel tries before it gives up (fs/exec.c).
const maxImages = 6

// headBytes is how much of a file the kernel reads to tell what it is (BINPRM_BUF_SIZE).
const headBytes = 256

// Program is what a file says about how it is to be run.
type Program struct {
	Interpreter string // of a script: the program its #! line names
	Argument    string // the one argument of that line
	Loader      string // of an ELF program: the loader it names

	Libraries []string // of an ELF program: the names of those it needs
	RunPath   []string // where it has the loader look for them first; may hold $ORIGIN
}

// ReadProgram reads the file at name, which has no links left, in root.
func ReadProgram(root fs.FS, name string) (Program, error) {
	f, err := root.Open(strings.TrimPrefix(name, "/"))
	if err != nil {
		return Program{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Program{}, errors.Join(err, fmt.Errorf("%s is no regular file", name))
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Program{}, err
	}
	head = head[:n]
	if bytes.HasPrefix(head, []byte("#!")) {
		return parseHashBang(head), nil
	}
	if r, ok := f.(io.ReaderAt); ok && bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return readELF(r), nil
	}
	return Program{}, nil
}

// parseHashBang reads the first line as fs/binfmt_script.c does: the interpreter ends at a
// blank, the rest of the line is one argument without blanks at its ends.
func parseHashBang(head []byte) Program {
	line := head[2:]
	if i := bytes.IndexAny(line, "\n\x00"); i >= 0 {
		line = line[:i]
	}
	text := strings.Trim(string(line), " \t")
	interpreter, argument := text, ""
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		interpreter, argument = text[:i], strings.Trim(text[i:], " \t")
	}
	return Program{Interpreter: interpreter, Argument: argument}
}

// readELF reads what a static or broken file lacks as empty.
func readELF(r io.ReaderAt) (p Program) {
	f, err := elf.NewFile(r)
	if err != nil {
		return p
	}
	p.Libraries, _ = f.ImportedLibraries()
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		values, _ := f.DynString(tag)
		for _, v := range values {
			p.RunPath = append(p.RunPath, strings.Split(v, ":")...)
		}
	}
	for _, s := range f.Progs {
		if s.Type != elf.PT_INTERP || s.Filesz > 4096 {
			continue
		}
		if b, err := io.ReadAll(s.Open()); err == nil {
			p.Loader = strings.TrimRight(string(b), "\x00")
		}
	}
	return p
}
