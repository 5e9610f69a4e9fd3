package glob

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestRebase(t *testing.T) {
	for _, c := range []struct{ glob, want string }{
		{"/second/*.key", "/first/*.key"},
		{"/second/**", "/first/**"},
		{"/sec*/key", "/first/key"},
		{"/*/key", "/first/key"},
		{"/**/key", "/first/**/key /first/key"},
		{"/{second,third}/{a,b}", "/first/{a,b}"},
		{"/secon[a-d]/?", "/first/?"},
		{"/sec**", "/first/**"},
		{"/{second/a,*}/b", "/first/a/b /first/b"},
		{`/second/\*`, `/first/\*`},
		{"/second", ""},
		{"/second*", ""},
		{"/third/*", ""},
		{"/*", ""},
	} {
		g, err := Parse(c.glob)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range mustRebase(t, g, "/second/", "/first/") {
			got = append(got, r.String())
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s is %q below /first/, want %q", c.glob, s, c.want)
		}
	}
}

// On random globs and names the rebased globs match just what the glob does at the other place.
func TestRebaseMatchesTheSame(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"/", "a", "b", "ab", "*", "**", "?", "[ab]", "{a,b/}", "{,a}", "/a/"}
	text := func(pieces []string, n int) string {
		var b strings.Builder
		for range rnd.IntN(n) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		return b.String()
	}
	matched, not := 0, 0
	for range 20_000 {
		g, err := Parse("/" + text(pieces, 6))
		if err != nil {
			continue
		}
		from, rest := "/"+strings.Trim(text([]string{"a", "b", "/a"}, 4), "/")+"/", strings.TrimLeft(text([]string{"a", "b", "/"}, 5), "/")
		if from == "//" {
			from = "/"
		}
		if rest == "" || strings.HasSuffix(rest, "/") || strings.Contains(from+rest, "//") {
			continue // no name
		}
		want := g.Match(from + rest)
		got := slices.ContainsFunc(mustRebase(t, g, from, "/x/"), func(r *Glob) bool { return r.Match("/x/" + rest) })
		if got != want {
			t.Fatalf("%s matches %s%s: %t, rebased: %t", g, from, rest, want, got)
		}
		if want {
			matched++
		} else {
			not++
		}
	}
	if matched < 500 || not < 500 {
		t.Errorf("%d names matched and %d did not: too few to tell", matched, not)
	}
}

func TestRebaseRefusesWhatGetsTooLong(t *testing.T) {
	g, err := Parse("/a/" + strings.Repeat("{x,y}/", 9) + "*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Rebase("/a/", "/"+strings.Repeat("b", MaxLength-20)+"/"); err == nil {
		t.Error("a glob of more bytes than any can have was left out, or taken")
	}
}

func mustRebase(t *testing.T, g *Glob, from, to string) []*Glob {
	t.Helper()
	globs, err := g.Rebase(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return globs
}
