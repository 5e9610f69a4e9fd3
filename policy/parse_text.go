package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	maxDepth = 64      // of nesting; a policy needs ten
	maxNodes = 500_000 // of one input, aliases counted as often as they are used
)

// readDocuments reads all documents of an input up to the first that is neither YAML
// nor JSON; bad says what is wrong with that one.
func readDocuments(data []byte) (docs []*node, bad *FieldError) {
	if !utf8.Valid(data) {
		return nil, &FieldError{Problem: "is not UTF-8 text", Mend: "save it as UTF-8"}
	}
	if t := bytes.TrimSpace(data); len(t) > 0 && t[0] == '{' {
		if docs, err := readJSON(data); err == nil {
			return docs, nil
		} // a flow mapping of YAML begins like this too
	}
	return readYAML(data)
}

func readYAML(data []byte) (docs []*node, bad *FieldError) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	reader := yamlReader{left: maxNodes}
	for i := 1; ; i++ {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		name := fmt.Sprintf("document %d", i)
		if err != nil {
			return docs, &FieldError{Name: name, Problem: "is no YAML: " + strings.TrimPrefix(err.Error(), "yaml: "), Mend: "mend the syntax"}
		}
		if len(doc.Content) == 0 {
			continue
		}
		n, err := reader.node(doc.Content[0], 0)
		if err != nil {
			return docs, &FieldError{Name: name, Problem: err.Error(), Mend: "write it plainly"}
		}
		if n.kind != nullNode { // comments alone, or `---` at the end
			docs = append(docs, n)
		}
	}
}

// yamlReader turns YAML nodes into ours; left is how many it may still make.
type yamlReader struct{ left int }

func (r *yamlReader) node(y *yaml.Node, depth int) (*node, error) {
	if r.left--; r.left < 0 || depth > maxDepth {
		return nil, fmt.Errorf("line %d: is nested too deep or too large", y.Line)
	}
	n := &node{line: y.Line}
	switch y.Kind {
	case yaml.AliasNode:
		return r.node(y.Alias, depth+1)
	case yaml.MappingNode:
		n.kind = objectNode
		return n, r.members(n, y, depth)
	case yaml.SequenceNode:
		n.kind = listNode
		for _, c := range y.Content {
			item, err := r.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	}
	return n, r.scalar(n, y)
}

func (r *yamlReader) members(n *node, y *yaml.Node, depth int) error {
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key is no text", k.Line)
		}
		value, err := r.node(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		n.members = append(n.members, member{k.Value, k.Line, value})
	}
	for _, m := range merged {
		if err := n.merge(m); err != nil {
			return err
		}
	}
	return nil
}

// merge adds the members of `<<: *anchor` that n lacks.
func (n *node) merge(from *node) error {
	switch from.kind {
	case listNode:
		for _, item := range from.items {
			if err := n.merge(item); err != nil {
				return err
			}
		}
		return nil
	case objectNode:
		own := make(map[string]bool, len(n.members))
		for _, m := range n.members {
			own[m.key] = true
		}
		for _, m := range from.members {
			if !own[m.key] {
				n.members = append(n.members, m)
			}
		}
		return nil
	}
	return fmt.Errorf("line %d: what << merges is no object", from.line)
}

func (r *yamlReader) scalar(n *node, y *yaml.Node) error {
	n.text = y.Value
	switch tag := y.ShortTag(); tag {
	case "!!null":
		n.kind = nullNode
	case "!!bool":
		n.kind = boolNode
	case "!!int", "!!float":
		n.kind = numberNode
	case "!!str", "!!timestamp":
		n.kind = textNode
		n.plain = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	default:
		return fmt.Errorf("line %d: the tag %s means nothing here", y.Line, tag)
	}
	return nil
}

// readJSON reads one or more JSON values. It keeps duplicate keys, which
// json.Unmarshal would drop.
func readJSON(data []byte) ([]*node, error) {
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1, left: maxNodes}
	r.dec.UseNumber()
	var docs []*node
	for {
		n, err := r.node(0)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

type jsonReader struct {
	dec  *json.Decoder
	data []byte
	at   int64 // offset up to which line is counted
	line int
	left int
}

func (r *jsonReader) token() (json.Token, error) {
	t, err := r.dec.Token()
	end := r.dec.InputOffset()
	r.line += bytes.Count(r.data[r.at:end], []byte("\n"))
	r.at = end
	return t, err
}

func (r *jsonReader) node(depth int) (*node, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	if r.left--; r.left < 0 || depth > maxDepth {
		return nil, errors.New("is nested too deep or too large")
	}
	n := &node{line: r.line}
	switch v := t.(type) {
	case json.Delim:
		n.kind = listNode
		if v == '{' {
			n.kind = objectNode
		}
		return n, r.children(n, depth)
	case string:
		n.kind, n.text = textNode, v
	case json.Number:
		n.kind, n.text = numberNode, v.String()
	case bool:
		n.kind, n.text = boolNode, fmt.Sprint(v)
	}
	return n, nil
}

func (r *jsonReader) children(n *node, depth int) error {
	for r.dec.More() {
		m := member{}
		if n.kind == objectNode {
			t, err := r.token()
			if err != nil {
				return err
			}
			m.key, m.line = t.(string), r.line
		}
		value, err := r.node(depth + 1)
		if err != nil {
			return err
		}
		if m.value = value; n.kind == objectNode {
			n.members = append(n.members, m)
		} else {
			n.items = append(n.items, value)
		}
	}
	_, err := r.token()
	return err
}
