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
