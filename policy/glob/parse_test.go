package glob

import (
	"errors"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, glob string
		offset     int
		problem    string // a part of it
	}{
		{"what is empty", "", 0, "begins with neither"},
		{"what begins with a name", "usr/*", 0, "begins with neither"},
		{"what begins with one star", "*/x", 0, "begins with neither"},
		{"an open class", "/a[bc", 2, "[ is not closed"},
		{"a class that ends in a backslash", `/a[b\`, 2, "[ is not closed"},
		{"an empty class", "/a[]", 2, "empty"},
		{"an empty class that excludes", "/a[^]", 2, "empty"},
		{"a class that excludes as shells do", "/a[!b]", 3, "!"},
		{"a named class", "/a[[:alpha:]]", 3, "[ within"},
		{"a range that runs backwards", "/[z-a]", 2, "backwards"},
		{"a slash in a class", "/a[/x]", 3, "never matches /"},
		{"a range of the slash alone", "/a[/-/]", 3, "never matches /"},
		{"a character beyond ASCII in a class", "/[aé]", 3, "ASCII"},
		{"an open brace", "/a{b,c", 2, "{ is not closed"},
		{"an open brace in a brace", "/a{b,{c}", 2, "{ is not closed"},
		{"a brace that closes nothing", "/a}*", 2, "closes no {"},
		{"a backslash at the end", `/a*\`, 3, "escapes nothing"},
		{"two slashes", "/usr//bin/*", 5, "//"},
		{"two slashes, one escaped", `/usr/\/bin/*`, 5, "//"},
		{"a slash at the end", "/usr/*/", 6, "does not end in /"},
		{"the component .", "/usr/./x*", 5, "component ."},
		{"the component ..", "/usr/../x*", 5, "component .."},
		{"the component .. at the end", "/usr/*/..", 7, "component .."},
		{"a NUL", "/a\x00*", 2, "NUL"},
		{"what is not UTF-8", "/a\xff*", 2, "UTF-8"},
		{"what is longer than a name can be", "/" + strings.Repeat("a", MaxLength), MaxLength, "longer"},
		{"braces nested too deep", "/" + strings.Repeat("{", 9) + strings.Repeat("}", 9), 9, "nested"},
		{"braces that stand for too many globs", "/" + strings.Repeat("{a,b}", 11), 1, "more than 1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.glob)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("Parse(%q): the error is %v, want a SyntaxError", tt.glob, err)
			}
			if syntax.Offset != tt.offset || !strings.Contains(syntax.Problem, tt.problem) {
				t.Errorf("Parse(%q): byte %d: %s; want byte %d: …%s…", tt.glob, syntax.Offset, syntax.Problem, tt.offset, tt.problem)
			}
			if syntax.Mend == "" || !strings.Contains(err.Error(), syntax.Mend) || len(err.Error()) > 400 {
				t.Errorf("the error %q does not say how to mend it", err)
			}
		})
	}
}

func TestParseAcceptsWhatIsNearTheLimits(t *testing.T) {
	for _, s := range []string{
		"/", "/*", "**", "/]", "/a,b*", `/a\}*`, "/.*", "/..a*", "/...", "/.{,.a}", "/[-a]", "/[a-]", "/[^/]", "/[+-9]", "/{}", `/[\]\^\-]`,
		"/" + strings.Repeat("a", MaxLength-1),
		"/" + strings.Repeat("{", MaxNesting) + strings.Repeat("}", MaxNesting),
		"/" + strings.Repeat("{a,b}", 10),
	} {
		if g, err := Parse(s); err != nil || g.String() != s {
			t.Errorf("Parse(%q) = %v, %v", s, g, err)
		}
	}
}

func TestAPathBeginsWithASlash(t *testing.T) {
	if _, err := ParsePath("/a/*"); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"**/a", "a*", ""} {
		if _, err := ParsePath(s); err == nil {
			t.Errorf("ParsePath accepts %q", s)
		}
	}
}

func TestHasMetaAndUnescape(t *testing.T) {
	tests := []struct {
		s         string
		meta      bool
		unescaped string
	}{
		{"/bin/sh", false, "/bin/sh"},
		{"/a*", true, "/a*"},
		{"/a?", true, "/a?"},
		{"/a[b", true, "/a[b"},
		{"/a{b", true, "/a{b"},
		{"/a]}b", false, "/a]}b"},
		{`/a\*b`, false, "/a*b"},
		{`/a\\*b`, true, `/a\*b`},
		{`/a\\b`, false, `/a\b`},
		{`/a\`, false, `/a\`},
	}
	for _, tt := range tests {
		if got := HasMeta(tt.s); got != tt.meta {
			t.Errorf("HasMeta(%q) = %v", tt.s, got)
		}
		if got := Unescape(tt.s); got != tt.unescaped {
			t.Errorf("Unescape(%q) = %q, want %q", tt.s, got, tt.unescaped)
		}
	}
}
