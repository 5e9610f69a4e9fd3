package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"kubearmor.io/e2e/lab/cache"
)

func TestAnEntryIsBuiltOnceHoweverManyAskForIt(t *testing.T) {
	c := &cache.Cache{Dir: t.TempDir()}
	var builds atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			dir, err := c.Entry(t.Context(), "kind", "key", func(dir string) error {
				builds.Add(1)
				return os.WriteFile(filepath.Join(dir, "file"), []byte("whole"), 0o644)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(filepath.Join(dir, "file")); err != nil || string(text) != "whole" {
				t.Errorf("entry holds %q (%v)", text, err)
			}
		})
	}
	all.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("built %d times, want once", n)
	}
}

func TestAFailedBuildLeavesNoEntry(t *testing.T) {
	c := &cache.Cache{Dir: t.TempDir()}
	failure := errors.New("failed")
	if _, err := c.Entry(t.Context(), "kind", "key", func(string) error { return failure }); !errors.Is(err, failure) {
		t.Fatalf("error is %v, want the build's", err)
	}
	built := false
	if _, err := c.Entry(t.Context(), "kind", "key", func(string) error { built = true; return nil }); err != nil || !built {
		t.Errorf("second build ran: %v, error %v", built, err)
	}
}

func TestKeysDifferWhereTheirPartsDo(t *testing.T) {
	if cache.Key("ab", "c") == cache.Key("a", "bc") {
		t.Error("two lists of parts have one key")
	}
}

func TestPruneKeepsTheNewestOfAName(t *testing.T) {
	c := &cache.Cache{Dir: t.TempDir()}
	for i, name := range []string{"a-1", "a-2", "a-3", "b-1"} {
		dir := c.Path("kind", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		stamp := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(dir, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Prune("kind", "a-", 2); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(c.Path("kind"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff([]string{"a-2", "a-3", "b-1"}, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}
