package policies

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
	"kubearmor.io/policy"
)

// reader reads the files that a command line names.
type reader struct {
	stdin     io.Reader
	recursive bool
}

// read holds what files gave.
type read struct {
	Files    int
	Policies []*policy.Policy
	Errors   policy.Errors
	Warnings []policy.FieldError
}

func recursiveFlag(cmd *cobra.Command, into *bool) {
	cmd.Flags().BoolVarP(into, "recursive", "R", false, "walk folders: read every .yaml, .yml and .json file, pass over other objects in them")
}

// all reads every file. Its error is about files that can't be read; what is wrong in them
// is in Errors.
func (r reader) all(names []string) (*read, error) {
	if len(names) == 0 {
		return nil, status.Usage("no file is given: name one, or - for standard input")
	}
	if n := slices.Index(names, "-"); n >= 0 && slices.Contains(names[n+1:], "-") {
		return nil, status.Usage("standard input is named twice")
	}
	got := &read{}
	for _, name := range names {
		if err := r.one(got, name); err != nil {
			return nil, err
		}
	}
	return got, nil
}

func (r reader) one(got *read, name string) error {
	if name == "-" {
		return got.parse(r.stdin, "standard input", false)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return fmt.Errorf("%s can't be read: %w", name, cause(err))
	case info.IsDir() && !r.recursive:
		return fmt.Errorf("%s is a folder: use -R to read the files in it", name)
	case info.IsDir():
		return r.folder(got, name)
	}
	return got.file(name, false)
}

// folder reads what looks like a manifest. Folders of manifests hold other objects too.
func (r reader) folder(got *read, dir string) error {
	before := got.Files
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s can't be read: %w", name, cause(err))
		}
		if d.IsDir() || !isManifest(name) {
			return nil
		}
		return got.file(name, true)
	})
	if err == nil && got.Files == before {
		return fmt.Errorf("%s holds no .yaml, .yml or .json file", dir)
	}
	return err
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

func (got *read) file(name string, skipOthers bool) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s can't be read: %w", name, cause(err))
	}
	defer f.Close()
	return got.parse(f, name, skipOthers)
}

func (got *read) parse(in io.Reader, source string, skipOthers bool) error {
	got.Files++
	input, err := policy.ParseInput(in, source, policy.ParseOptions{SkipOthers: skipOthers})
	var refused policy.Errors
	if errors.As(err, &refused) {
		got.Errors = append(got.Errors, refused...)
		return nil
	}
	if err != nil {
		return err
	}
	got.Policies = append(got.Policies, input.Policies...)
	got.Warnings = append(got.Warnings, input.Warnings...)
	return nil
}

// valid is all for commands that need policies: a refused one is bad input to them.
func (r reader) valid(names []string) ([]*policy.Policy, error) {
	got, err := r.all(names)
	switch {
	case err != nil:
		return nil, err
	case len(got.Errors) > 0:
		return nil, fmt.Errorf("a policy is not valid:\n%w", got.Errors)
	case len(got.Policies) == 0:
		return nil, fmt.Errorf("no policy in %s", strings.Join(names, ", "))
	}
	return got.Policies, nil
}

// cause leaves out the path that an error repeats.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// openRoot opens the directory of --root; without one, nothing is resolved.
func openRoot(dir string) (fs.ReadLinkFS, func(), error) {
	if dir == "" {
		return nil, func() {}, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("--root %s: %w", dir, cause(err))
	}
	links, ok := root.FS().(fs.ReadLinkFS)
	if !ok {
		return nil, nil, fmt.Errorf("--root %s: links can't be read on this system", dir)
	}
	return links, func() { root.Close() }, nil
}
