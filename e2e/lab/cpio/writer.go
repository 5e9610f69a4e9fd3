package cpio

import (
	"fmt"
	"io"
)

// File types, as in stat's st_mode.
const (
	typeFolder = 0o040000
	typeFile   = 0o100000
)

// Writer writes an archive. Entries get running inode numbers and no times, so
// that equal contents give equal archives.
type Writer struct {
	w     io.Writer
	inode uint32
	size  int64
}

// NewWriter starts an archive on w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Folder adds a folder. Its parent must have been added before.
func (w *Writer) Folder(name string, perm uint32) error {
	return w.entry(name, typeFolder|perm, nil)
}

// File adds a file.
func (w *Writer) File(name string, perm uint32, content []byte) error {
	return w.entry(name, typeFile|perm, content)
}

// Close ends the archive. It does not close the underlying writer.
func (w *Writer) Close() error {
	w.inode = 0
	return w.entry("TRAILER!!!", 0, nil)
}

// entry writes a header of 13 numbers of 8 hex digits each behind the magic
// one, then the name and the content, each padded to four bytes.
func (w *Writer) entry(name string, mode uint32, content []byte) error {
	links := 1
	if mode&typeFolder == typeFolder {
		links = 2
	}
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		w.inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name)+1, 0, name)
	w.inode++
	for _, part := range [][]byte{[]byte(header), content} {
		n, err := w.w.Write(part)
		w.size += int64(n)
		if err != nil {
			return fmt.Errorf("write archive entry %s: %w", name, err)
		}
		if err := w.pad(); err != nil {
			return fmt.Errorf("write archive entry %s: %w", name, err)
		}
	}
	return nil
}

func (w *Writer) pad() error {
	var zeros [4]byte
	n, err := w.w.Write(zeros[:(4-w.size%4)%4])
	w.size += int64(n)
	return err
}
