package glob

// slash is called for each literal / outside of braces; at is its offset.
func (p *parser) slash(at int) error {
	if p.plain && at == p.component && at > 0 {
		return p.fail(at, "// is in no name", "write one /")
	}
	if err := p.dots(at); err != nil {
		return err
	}
	p.component, p.plain = at+1, true
	if p.pos > at+1 { // it was escaped
		p.component++
	}
	return nil
}

// endPath is called at the end of the glob.
func (p *parser) endPath() error {
	end := len(p.src)
	if p.plain && p.component == end && end > 1 {
		return p.fail(end-1, "a name does not end in /",
			"remove it, or write /* for what is in the directory and /** for what is below")
	}
	return p.dots(end)
}

// dots refuses the components . and .., which are in no resolved name.
func (p *parser) dots(end int) error {
	if !p.plain {
		return nil
	}
	if c := Unescape(p.src[p.component:end]); c == "." || c == ".." {
		return p.fail(p.component, "the component "+c+" is in no name", "write the path without it")
	}
	return nil
}
