package glob

import "strings"

// class reads a [class].
func (p *parser) class() (Node, error) {
	open := p.pos
	var c Class
	p.pos++
	if strings.HasPrefix(p.src[p.pos:], "^") {
		c.Not = true
		p.pos++
	} else if strings.HasPrefix(p.src[p.pos:], "!") {
		return nil, p.fail(p.pos, "! does not negate a class", `write [^…] to negate, or \! for the character itself`)
	}
	first := p.pos
	for {
		if p.pos == len(p.src) {
			return nil, p.fail(open, "[ is not closed", `write ] after the class, or \[ for the character itself`)
		}
		if p.src[p.pos] == ']' {
			break
		}
		if err := p.members(&c); err != nil {
			return nil, err
		}
	}
	if p.pos == first {
		return nil, p.fail(open, "the class is empty", `write \] for the character ] in a class, ? for any character`)
	}
	p.pos++
	if c.Not {
		c.Set.add('/')
		return c, nil
	}
	c.Set.remove('/')
	if c.Set == (ASCII{}) {
		return nil, p.fail(open, "the class matches nothing: a class never matches /", "write / outside of the class")
	}
	return c, nil
}

// members reads one character or one range of a class.
func (p *parser) members(c *Class) error {
	at := p.pos
	lo, err := p.member()
	if err != nil {
		return err
	}
	hi := lo
	if rest := p.src[p.pos:]; len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
		p.pos++
		if hi, err = p.member(); err != nil {
			return err
		}
	}
	if lo > hi {
		return p.fail(at, "the range runs backwards", "write the lower character first")
	}
	if lo == '/' && hi == '/' && !c.Not {
		return p.fail(at, "a class never matches /", "write / outside of the class")
	}
	for ch := lo; ; ch++ {
		c.Set.add(ch)
		if ch == hi {
			return nil
		}
	}
}

func (p *parser) member() (byte, error) {
	ch := p.src[p.pos]
	switch {
	case ch == '[':
		return 0, p.fail(p.pos, "[ within a class", `write \[ for the character itself; named classes such as [:alpha:] are not known`)
	case ch == '\\' && p.pos+1 < len(p.src):
		p.pos++
		ch = p.src[p.pos]
	}
	if ch >= 0x80 {
		return 0, p.fail(p.pos, "a class holds ASCII characters only", "write {é,è} instead of [éè]")
	}
	p.pos++
	return ch, nil
}
