package policytest

import (
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the largest table that is read.
const MaxBytes = 4 << 20

// Parse reads one table. Its error is an *Error with the position of the first problem.
func Parse(r io.Reader, source string) (*Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, &Error{source, 0, "can't be read: " + err.Error()}
	}
	if len(data) > MaxBytes {
		return nil, &Error{source, 0, fmt.Sprintf("is larger than %d bytes: split it into several tables", MaxBytes)}
	}
	p := parser{table: &Table{Source: source}}
	doc, err := p.document(data)
	if err == nil {
		err = p.readTable(doc)
	}
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Problem: err.Error()}
		}
		e.Source = source
		return nil, e
	}
	return p.table, nil
}

type parser struct{ table *Table }

// field reads the value of one field.
type field func(value *yaml.Node) error

func fail(n *yaml.Node, format string, args ...any) error {
	return &Error{Line: n.Line, Problem: fmt.Sprintf(format, args...)}
}

// document returns the one mapping that the file holds.
func (p *parser) document(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(newReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errors.New("is empty: write policies and cases")
	} else if err != nil {
		return nil, fmt.Errorf("is not YAML: %w", err)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, fail(&more, "a second document: one file holds one table")
	} else if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("is not YAML: %w", err)
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("is empty: write policies and cases")
	}
	return doc.Content[0], nil
}

// mapping hands each value to the field of its key; unknown and repeated keys are errors.
func mapping(n *yaml.Node, what string, known []string, fields map[string]field) (set map[string]bool, err error) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		return nil, fail(n, "%s has to be a mapping", what)
	}
	set = map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], follow(n.Content[i+1])
		read, ok := fields[key.Value]
		switch {
		case !ok:
			return nil, fail(key, "%q is not a field of %s: it takes %s", key.Value, what, list(known))
		case set[key.Value]:
			return nil, fail(key, "%s is given twice: keep one", key.Value)
		case value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null":
			return nil, fail(key, "%s is empty: give it a value, or remove it", key.Value)
		}
		set[key.Value] = true
		if err := read(value); err != nil {
			var positioned *Error
			if !errors.As(err, &positioned) {
				err = fail(value, "%s: %v", key.Value, err)
			}
			return nil, err
		}
	}
	return set, nil
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func text(into *string) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return errors.New("has to be text")
		}
		*into = n.Value
		return nil
	}
}

func flag(into *bool) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(into) != nil {
			return fmt.Errorf("%q is neither true nor false", n.Value)
		}
		return nil
	}
}

func texts(into *[]string) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.SequenceNode {
			return errors.New("has to be a list")
		}
		*into = []string{}
		for _, item := range n.Content {
			var s string
			if err := text(&s)(follow(item)); err != nil {
				return fail(item, "an entry of a list has to be text")
			}
			*into = append(*into, s)
		}
		return nil
	}
}

func pairs(into *map[string]string) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.MappingNode {
			return errors.New("has to be a mapping of names to values")
		}
		*into = map[string]string{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], follow(n.Content[i+1])
			if _, twice := (*into)[key.Value]; twice || value.Kind != yaml.ScalarNode {
				return fail(key, "%s: give each name one value", key.Value)
			}
			(*into)[key.Value] = value.Value
		}
		return nil
	}
}
