package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kubearmor.io/e2e/lab/cache"
)

// TestFolder is where a package's tests run in a guest: the test binary is
// there, and the package's testdata if it has any.
const TestFolder = "/lab/test"

// testBinary is the test binary's name in TestFolder.
const testBinary = "package.test"

// Test builds the test binary of the package in a folder and runs it in a guest
// as config says, with args, such as -test.run. One boot runs all its tests.
// They see KUBEARMOR_LAB=1 in their environment.
func Test(ctx context.Context, config Config, folder string, args ...string) (exit int, err error) {
	scratch, err := os.MkdirTemp("", "lab-test-")
	if err != nil {
		return 0, fmt.Errorf("test %s in a guest: %w", folder, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	config, err = WithTests(ctx, config, folder, TestFolder, scratch)
	if err != nil {
		return 0, err
	}
	config.Command = append([]string{TestFolder + "/" + testBinary}, args...)
	config.Dir = TestFolder
	return Run(ctx, config)
}

// WithTests adds the test binary of the package in a folder to the guest's
// files, as package.test in target, with the package's testdata beside it. The
// binary is built into scratch, which must outlive Boot.
func WithTests(ctx context.Context, config Config, folder, target, scratch string) (Config, error) {
	folder, err := resolvePackage(folder)
	if err != nil {
		return config, err
	}
	binary := filepath.Join(scratch, testBinary)
	if err := goBuild(ctx, folder, "test", "-c", "-o", binary, "."); err != nil {
		return config, fmt.Errorf("build the tests of %s: %w", folder, err)
	}
	if _, err := os.Stat(binary); err != nil {
		return config, fmt.Errorf("build the tests of %s: the package has no tests", folder)
	}
	config.Add = append(config.Add, Add{Host: binary, Path: target + "/" + testBinary})
	if data := filepath.Join(folder, "testdata"); isFolder(data) {
		config.Add = append(config.Add, Add{Host: data, Path: target + "/testdata"})
	}
	return config, nil
}

// resolvePackage finds a package's folder from here or from the repository's root.
func resolvePackage(folder string) (string, error) {
	if isFolder(folder) {
		return filepath.Abs(folder)
	}
	root, err := cache.RepositoryRoot()
	if err == nil && isFolder(filepath.Join(root, folder)) {
		return filepath.Join(root, folder), nil
	}
	return "", fmt.Errorf("find package %s: no such folder here or in the repository", folder)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
