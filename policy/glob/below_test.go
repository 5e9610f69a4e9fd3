package glob

import "testing"

func TestMatchBelow(t *testing.T) {
	for _, c := range []struct {
		glob, dir string
		want      bool
	}{
		{"/home/*/.ssh/**", "/home/bob", true},
		{"/home/*/.ssh/**", "/home/bob/.ssh", true},
		{"/home/*/.ssh/**", "/home/bob/docs", false},
		{"/home/*/.ssh/**", "/", true},
		{"/usr/bin/*", "/usr/bin", true},
		{"/usr/bin/*", "/usr/bin/x", false},
		{"/usr/bin", "/usr/bin", false},
		{"/srv/**/secret", "/srv/a/b", true},
		{"/srv/{a,b}/x", "/srv/c", false},
	} {
		g, err := Parse(c.glob)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.MatchBelow(c.dir); got != c.want {
			t.Errorf("%s below %s: %v, want %v", c.glob, c.dir, got, c.want)
		}
	}
}

// TestBelowCoversMatchBelow: what Below says may be more than MatchBelow does, never less.
func TestBelowCoversMatchBelow(t *testing.T) {
	dirs := []string{"/a", "/a/b", "/a/b/c", "/ab", "/ab/a", "/b", "/b/ab/a/c", "/c/a"}
	for pattern, exact := range map[string]bool{
		"/a/*/c": true, "/a/b*/*": true, "/**/b": true, "**/c": true, "/a/**b/c": true, "/{a,b}/?b/c": true,
		"/a{/b,c}/x": false, "/a": true, "/[ab]/*": true, "/a/b/**": true,
	} {
		g, err := Parse(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			got := false
			for _, b := range g.Below() {
				got = got || b.Match(dir)
			}
			if want := g.MatchBelow(dir); got != want && (exact || want) {
				t.Errorf("%s below %s: %t, want %t", pattern, dir, got, want)
			}
		}
	}
}
