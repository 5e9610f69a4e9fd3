package policy

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"kubearmor.io/policy/glob"
)

// matchPath returns the matcher of a `path`: an exact one, or a glob where it has
// wildcards.
func (v *validator) matchPath(field, s string) Matcher {
	if glob.HasMeta(s) {
		if v.absolute(field, s) && v.clean(field, s, s) {
			v.compiles(field, s)
		}
		return Matcher{Kind: MatchGlob, Path: s}
	}
	return Matcher{Kind: MatchPath, Path: v.literalPath(field, s)}
}

// literalPath checks a path without wildcards and returns it without escapes.
func (v *validator) literalPath(field, s string) string {
	plain, ok := v.literal(field, s)
	if !ok {
		return ""
	}
	if plain == "/" {
		v.fail(field, "is a directory", `use dir: "/"`)
		return ""
	}
	if strings.HasSuffix(plain, "/") {
		v.fail(field, fmt.Sprintf("%q ends with /", s), fmt.Sprintf("write %q, or use dir: %q", path.Clean(s), path.Clean(s)+"/"))
		return ""
	}
	if v.clean(field, s, plain) {
		return plain
	}
	return ""
}

// literalDir checks a `dir`. It may end with a slash; what is returned does not.
func (v *validator) literalDir(field, s string) string {
	if glob.HasMeta(s) {
		v.fail(field, fmt.Sprintf("%q has a wildcard, which a directory can't have", s), "name a directory above it, use a pattern where there is one, or escape it with \\")
		return ""
	}
	plain, ok := v.literal(field, s)
	if !ok {
		return ""
	}
	if plain == "/" {
		return plain
	}
	plain = strings.TrimSuffix(plain, "/")
	if v.clean(field, s, plain) {
		return plain
	}
	return ""
}

// literal removes the escapes of an absolute path without wildcards.
func (v *validator) literal(field, s string) (string, bool) {
	if !v.absolute(field, s) {
		return "", false
	}
	if trailing := len(s) - len(strings.TrimRight(s, `\`)); trailing%2 == 1 {
		v.fail(field, "ends with a \\ that escapes nothing", "write \\\\ for a backslash, or remove it")
		return "", false
	}
	return glob.Unescape(s), true
}

func (v *validator) matchPattern(field, s string) Matcher {
	switch {
	case !v.short(field, s):
	case !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "**"):
		v.fail(field, fmt.Sprintf("%q begins with neither / nor **", s), "write "+strconv.Quote("**/"+strings.TrimPrefix(s, "*/")))
	case v.clean(field, s, s):
		v.compiles(field, s)
	}
	return Matcher{Kind: MatchGlob, Path: s}
}

func (v *validator) compiles(field, pattern string) {
	if _, err := glob.Parse(pattern); err != nil {
		v.fail(field, fmt.Sprintf("%q is no glob: %v", pattern, err), "mend it, or escape with \\ what stands for itself")
	}
}

// absolute checks what holds for all paths.
func (v *validator) absolute(field, s string) bool {
	if !v.short(field, s) {
		return false
	}
	if !strings.HasPrefix(s, "/") {
		v.fail(field, fmt.Sprintf("%q is not absolute", s), "begin it with /")
		return false
	}
	return true
}

func (v *validator) short(field, s string) bool {
	if len(s) > MaxPathLength {
		v.fail(field, fmt.Sprintf("is %d bytes long, the limit is %d", len(s), MaxPathLength), "name a directory above it, or use a pattern")
		return false
	}
	if strings.ContainsRune(s, 0) {
		v.fail(field, "holds a NUL byte", "remove it: no file name has one")
		return false
	}
	return true
}

// clean refuses what no name of a file looks like. written is the path as given,
// plain the same without escapes.
func (v *validator) clean(field, written, plain string) bool {
	problem := ""
	switch parts := strings.Split(plain, "/"); {
	case strings.HasSuffix(plain, "/"):
		problem = "ends with /"
	case strings.Contains(plain, "//"):
		problem = "holds //"
	case slices.Contains(parts, "."):
		problem = "holds the component ."
	case slices.Contains(parts, ".."):
		problem = "holds the component .."
	default:
		return true
	}
	v.fail(field, fmt.Sprintf("%q %s", written, problem), "write "+strconv.Quote(path.Clean(written)))
	return false
}
