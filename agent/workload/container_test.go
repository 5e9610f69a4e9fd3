package workload

import (
	"strings"
	"testing"
)

func good() Container {
	return Container{
		ID: "0123456789abcdef", Name: "nginx", Image: "nginx:alpine",
		Pod: Pod{Namespace: "shop", Name: "web-1", UID: "u", Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"note": "two\nlines"}},
	}
}

func TestCheck(t *testing.T) {
	if err := good().Check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Container){
		"no ID":                     func(c *Container) { c.ID = "" },
		"an ID with a slash":        func(c *Container) { c.ID = "a/b" },
		"an ID that is a folder's":  func(c *Container) { c.ID = ".." },
		"an ID too long":            func(c *Container) { c.ID = strings.Repeat("a", MaxID+1) },
		"no name":                   func(c *Container) { c.Name = "" },
		"a name with an escape":     func(c *Container) { c.Name = "a\x1b[31m" },
		"a name with a line's end":  func(c *Container) { c.Pod.Name = "a\nb" },
		"a name that is not UTF-8":  func(c *Container) { c.Pod.Namespace = "a\xff" },
		"a name too long":           func(c *Container) { c.Pod.UID = strings.Repeat("a", MaxName+1) },
		"no namespace":              func(c *Container) { c.Pod.Namespace = "" },
		"an image too long":         func(c *Container) { c.Image = strings.Repeat("a", MaxImage+1) },
		"a label that is not UTF-8": func(c *Container) { c.Pod.Labels = map[string]string{"a": "\xff"} },
		"a key too long":            func(c *Container) { c.Labels = map[string]string{strings.Repeat("a", 400): ""} },
		"annotations without end":   func(c *Container) { c.Pod.Annotations = map[string]string{"a": strings.Repeat("a", MaxTexts)} },
	} {
		c := good()
		spoil(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Whatever passes can be printed in one line, and names no folder.
func FuzzCheck(f *testing.F) {
	f.Add("abc", "nginx", "shop", "app", "web")
	f.Add("..", "a\nb", "\xff", "", "")
	f.Fuzz(func(t *testing.T, id, name, namespace, key, value string) {
		c := Container{ID: id, Name: name, Pod: Pod{Namespace: namespace, Labels: map[string]string{key: value}}}
		if c.Check() != nil {
			return
		}
		if strings.ContainsAny(c.String(), "\n\r\x1b\x00") || strings.Contains(id, "/") || id == ".." || id == "." {
			t.Errorf("accepted: %q", c)
		}
	})
}
