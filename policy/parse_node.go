package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// nodeKind is the kind of a value in a document.
type nodeKind uint8

const (
	nullNode nodeKind = iota
	objectNode
	listNode
	textNode
	numberNode
	boolNode
)

// node is a value of a YAML or JSON document with its line. Unlike a decoded value it
// still knows duplicate keys and their order.
type node struct {
	kind    nodeKind
	line    int
	text    string // of a scalar, as written
	plain   bool   // a YAML text without quotes
	members []member
	items   []*node
}

type member struct {
	key   string
	line  int
	value *node
}

func (n *node) get(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// textOf returns the text of a member, empty where it has none.
func (n *node) textOf(key string) string {
	if v := n.get(key); v != nil && v.kind == textNode {
		return v.text
	}
	return ""
}

// describe names the value's kind with an article.
func (n *node) describe() string {
	switch n.kind {
	case objectNode:
		return "an object"
	case listNode:
		return "a list"
	case textNode:
		return "a text"
	case numberNode:
		return "a number"
	case boolNode:
		return "a boolean"
	}
	return "empty"
}

// place is a field and its line.
type place struct {
	field string
	line  int
}

// duplicates returns every key that its object has more than once.
func (n *node) duplicates(field string) []place {
	var all []place
	seen := map[string]bool{}
	for _, m := range n.members {
		f := joinField(field, m.key)
		if seen[m.key] {
			all = append(all, place{f, m.line})
		}
		seen[m.key] = true
		all = append(all, m.value.duplicates(f)...)
	}
	for i, item := range n.items {
		all = append(all, item.duplicates(indexField(field, i))...)
	}
	return all
}

// lines fills in the line of every field below n.
func (n *node) lines(field string, into map[string]int) {
	for _, m := range n.members {
		f := joinField(field, m.key)
		into[f] = m.line
		m.value.lines(f, into)
	}
	for i, item := range n.items {
		f := indexField(field, i)
		into[f] = item.line
		item.lines(f, into)
	}
}

// outer returns the field path without its last part.
func outer(field string) string {
	return field[:max(strings.LastIndexAny(field, ".["), 0)]
}

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// joinField appends a key to a field path; a key with dots, slashes or anything odd
// goes into brackets.
func joinField(parent, key string) string {
	if !plainKey.MatchString(key) {
		return parent + "[" + strconv.Quote(key) + "]"
	}
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func indexField(parent string, i int) string { return fmt.Sprintf("%s[%d]", parent, i) }
