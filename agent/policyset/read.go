package policyset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"kubearmor.io/policy"
)

// Files reads every policy of some files. It is all or nothing.
func Files(names []string) ([]*policy.Policy, error) {
	var all []*policy.Policy
	var errs []error
	from := map[policy.Ref]string{}
	for _, name := range names {
		read, err := policy.ParseFile(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, p := range read {
			if first, twice := from[p.Ref]; twice {
				errs = append(errs, fmt.Errorf("%s: %s is in %s as well: give one of them another name", name, p.Ref, first))
				continue
			}
			from[p.Ref] = name
			all = append(all, p)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

// Dir reads every policy of the .yaml, .yml and .json files in a folder.
func Dir(dir string) ([]*policy.Policy, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	var names []string
	for _, e := range entries {
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) && !e.IsDir() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return Files(names)
}
