package bpflsm

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const deepDir = "/var/tmp/deep"

// descend makes so many folders inside one another, all of one name, and returns the last, which
// no name as long as PATH_MAX leads to.
func descend(dir, name string, times int) (fd int, err error) {
	const how = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	fd, err = unix.Open(dir, how, 0)
	for range times {
		if err != nil {
			return -1, err
		}
		if err := unix.Mkdirat(fd, name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
			return -1, errors.Join(err, unix.Close(fd))
		}
		var next int
		next, err = unix.Openat(fd, name, how, 0)
		err = errors.Join(err, unix.Close(fd))
		fd = next
	}
	return fd, err
}

// readDeep reads DIR/NAME/NAME/…/FILE from its working folder: going down opens nothing.
func readDeep(task []string) error {
	times, err := strconv.Atoi(task[2])
	if err != nil {
		return err
	}
	if err := unix.Chdir(task[0]); err != nil {
		return err
	}
	for range times {
		if err := unix.Chdir(task[1]); err != nil {
			return fmt.Errorf("wrong: %w", err)
		}
	}
	return open(task[3])
}

func deepCases() map[string]ruleCase {
	longName := strings.Repeat("n", 199)
	within := func(dir, file string, times int) []string {
		return []string{"helper: deep " + dir + " " + longName + " " + strconv.Itoa(times) + " " + file}
	}
	const (
		secret   = "file: {matchDirectories: [{dir: " + deepDir + "/secret/, recursive: true}]}"
		list     = "file: {matchDirectories: [{dir: /, recursive: true, action: Allow}]}"
		readOnly = "file: {matchDirectories: [{dir: " + deepDir + "/secret/, recursive: true, readOnly: true}]}"
		named    = "file: {matchPatterns: [{pattern: '**/file'}]}"
	)
	return map[string]ruleCase{
		"a blocked folder, from deep inside":            {secret, within(deepDir+"/secret", "file", 24), true, nil},
		"a folder, from as deep as names go":            {secret, within(deepDir+"/secret", "file", 18), true, nil},
		"another one as deep":                           {secret, within(deepDir+"/public", "file", 24), false, nil},
		"reading what may not be written":               {readOnly, within(deepDir+"/secret", "file", 24), false, nil},
		"a list allows what has a name":                 {list, within(deepDir+"/public", "file", 18), false, nil},
		"a list allows no name that is too long":        {list, within(deepDir+"/public", "file", 24), true, nil},
		"a pattern is about the last of a short name":   {named, within(deepDir+"/public", "file", 18), true, nil},
		"too deep to be read at all":                    {secret, []string{"helper: deep " + deepDir + "/many n 4500 file"}, true, nil},
		"many short names beyond the longest":           {secret, []string{"helper: deep " + deepDir + "/many n 3000 file"}, false, nil},
		"a blocked folder, from below many short names": {"file: {matchDirectories: [{dir: " + deepDir + "/many/, recursive: true}]}", []string{"helper: deep " + deepDir + "/many n 3000 file"}, true, nil},
	}
}

// TestNamesThatAreTooLongInTheKernel opens files whose names have PATH_MAX bytes and more.
func TestNamesThatAreTooLongInTheKernel(t *testing.T) {
	g := newGuest(t, Options{})
	must(t, os.RemoveAll(deepDir))
	furnish(t, deepDir)
	for _, c := range []struct {
		dir, name string
		times     []int
	}{
		{deepDir + "/secret", strings.Repeat("n", 199), []int{18, 24}},
		{deepDir + "/public", strings.Repeat("n", 199), []int{18, 24}},
		{deepDir + "/many", "n", []int{3000, 4500}},
	} {
		must(t, os.MkdirAll(c.dir, 0o755))
		for _, times := range c.times {
			dir, err := descend(c.dir, c.name, times)
			must(t, err)
			fd, err := unix.Openat(dir, "file", unix.O_CREAT|unix.O_WRONLY, 0o644)
			must(t, errors.Join(err, unix.Close(fd), unix.Close(dir)))
		}
	}
	for name, c := range deepCases() {
		t.Run(name, func(t *testing.T) {
			if got := g.try(t, name, c); strings.Contains(got.output, "wrong") {
				t.Errorf("%v: %s", c.run, got.output)
			}
		})
	}
}
