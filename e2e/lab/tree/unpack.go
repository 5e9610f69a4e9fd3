package tree

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Unpack lays an archive out below dir. A nil keep takes every entry. Files
// that exist are replaced; existing links to folders are followed, so that a
// tree with /bin -> usr/bin stays merged.
func Unpack(dir string, r io.Reader, keep func(name string) bool) error {
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		name := path.Clean("/" + h.Name)[1:]
		if name == "" || keep != nil && !keep(name) {
			continue
		}
		if err := unpackEntry(dir, name, h, archive); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
}

func unpackEntry(dir, name string, h *tar.Header, content io.Reader) error {
	target := filepath.Join(dir, name)
	if h.Typeflag == tar.TypeDir {
		return unpackFolder(target, h)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return unpackFile(target, h, content)
	case tar.TypeSymlink:
		return errors.Join(os.Symlink(h.Linkname, target), os.Lchown(target, h.Uid, h.Gid))
	case tar.TypeLink:
		return os.Link(filepath.Join(dir, path.Clean("/"+h.Linkname)), target)
	}
	return fmt.Errorf("entry of type %q is not known", h.Typeflag)
}

func unpackFolder(target string, h *tar.Header) error {
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	return own(target, h)
}

func unpackFile(target string, h *tar.Header, content io.Reader) error {
	f, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{content}, make([]byte, 1<<20))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return own(target, h)
}

// own sets the mode last, because changing the owner clears set-id bits.
func own(target string, h *tar.Header) error {
	return errors.Join(os.Chown(target, h.Uid, h.Gid), unix.Chmod(target, uint32(h.Mode&0o7777)))
}
