package automaton

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// numbered writes n globs from a text whose # is the number of each.
func numbered(n int, text string) []string {
	var out []string
	for i := range n {
		out = append(out, "glob "+strings.ReplaceAll(text, "#", fmt.Sprint(i)))
	}
	return out
}

func TestHostileGlobsAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		globs []string
	}{
		{"a character far before the end of any path", []string{"glob /**a" + strings.Repeat("?", 40)}},
		{"a character far before the end of a name", []string{"glob /*a" + strings.Repeat("[ab]", 40)}},
		{"200 directories anywhere, each a rule of its own", numbered(200, "/**/dir#/**")},
		{"200 directories anywhere and names in them", numbered(200, "/**/dir#/**/file#")},
		{"200 words within names", numbered(200, "**/*name#*")},
		{"200 words in order", numbered(200, "/x/*a#*b#*c#*")},
		{"200 long globs with a star in each component", numbered(200, "/**"+strings.Repeat("/*a#", 100))},
		{"200 globs with alternations of wildcards", numbered(200, "/**"+strings.Repeat("{a,b*,?c#}", 6))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Build(patterns(t, tt.globs...), Caps{})
			var complex *TooComplexError
			if !errors.As(err, &complex) {
				t.Fatalf("the error is %v, want a TooComplexError", err)
			}
			if complex.Limit == 0 || complex.What == "" || len(complex.Patterns) == 0 {
				t.Errorf("%#v does not say what is too much, or blames no glob", complex)
			}
		})
	}
}

func TestManyGlobsFit(t *testing.T) {
	oneRule := patterns(t, numbered(200, "/**/dir#/**")...)
	for i := range oneRule {
		oneRule[i].ID = 7
	}
	oneWinner := patterns(t, numbered(200, "/**/dir#/**")...)
	for i := range oneWinner {
		oneWinner[i].Contest, oneWinner[i].Rank = 1, i
	}
	tests := []struct {
		name      string
		patterns  []Pattern
		maxStates int
	}{
		{"200 suffixes", patterns(t, numbered(200, "**/*.ext#")...), 300},
		{"200 beginnings of names", patterns(t, numbered(200, "**/name#*")...), 300},
		{"200 programs in any version", patterns(t, numbered(200, "/usr/lib/*/bin/tool#")...), 300},
		{"2000 directories in any home", patterns(t, numbered(2000, "/home/*/.conf#/**")...), 5000},
		{"200 globs that count characters", patterns(t, numbered(200, "**/????#")...), 300},
		{"200 globs with classes that exclude", patterns(t, numbered(200, "**/[^a]#[^b]*")...), 10000},
		{"8 directories anywhere, each a rule of its own", patterns(t, numbered(8, "**/.secret#/**")...), 8000},
		{"200 directories anywhere that stand for one rule", oneRule, 1500},
		{"200 directories anywhere of which the first counts", oneWinner, 40000},
		{"windows before each of several double stars", patterns(t, "glob /**a?????/**b?????/**c?????/**"), 2000},
		{"alternations of words anywhere", patterns(t, numbered(4, "/**/*{a#,b#}*/**/*{c#,d#}*/**.{so,a}")...), 20000},
		{"common globs among thousands of paths", mixed(t, 10000, 1000), 80000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The cap counts states before they are merged as well.
			if _, err := Build(tt.patterns, Caps{States: tt.maxStates}); err != nil {
				t.Error(err)
			}
		})
	}
}
