package tree

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Graft puts a file or folder of the host at a path in the archive.
type Graft struct {
	Host string // a file or folder; a link given here is followed
	Path string // absolute path in the tree
}

// Pack writes grafts as one archive, owned by root: the host's users mean
// nothing where it is unpacked.
func Pack(w io.Writer, grafts []Graft) error {
	archive := tar.NewWriter(w)
	for _, g := range grafts {
		if !path.IsAbs(g.Path) {
			return fmt.Errorf("pack %s: %s is not an absolute path", g.Host, g.Path)
		}
		if err := packGraft(archive, g); err != nil {
			return fmt.Errorf("pack %s: %w", g.Host, err)
		}
	}
	return archive.Close()
}

func packGraft(archive *tar.Writer, g Graft) error {
	host, err := filepath.EvalSymlinks(g.Host)
	if err != nil {
		return err
	}
	return filepath.WalkDir(host, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(host, file)
		if err != nil {
			return err
		}
		return packFile(archive, file, path.Join(g.Path, filepath.ToSlash(below)), entry)
	})
}

func packFile(archive *tar.Writer, file, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(file); err != nil {
			return err
		}
	}
	if !info.Mode().IsRegular() && !info.IsDir() && link == "" {
		return nil // sockets, pipes and devices stay where they are
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name, h.Format = name[1:], tar.FormatPAX
	h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
	if err := archive.WriteHeader(h); err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(archive, f)
	return err
}
