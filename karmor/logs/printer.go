package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"kubearmor.io/api/event"
)

// printer writes events of several streams, one at a time.
type printer struct {
	mu       sync.Mutex
	events   io.Writer
	messages io.Writer
	losses   io.Writer
	files    []*os.File
	form     string // text, json, pretty-json
	limit    uint32
	printed  uint32
}

func newPrinter(o *options, out, errOut io.Writer) (*printer, error) {
	p := &printer{losses: errOut, form: o.output, limit: o.limit}
	var err, more error
	p.events, err = p.open(o.events, out)
	p.messages, more = p.open(o.messages, out)
	if err := errors.Join(err, more); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// open returns where a flag's value says.
func (p *printer) open(name string, out io.Writer) (io.Writer, error) {
	switch name {
	case "stdout":
		return out, nil
	case "none":
		return io.Discard, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p.files = append(p.files, f)
	return f, nil
}

// Close closes the files.
func (p *printer) Close() error {
	var errs []error
	for _, f := range p.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// texter is an event, of any kind.
type texter interface{ Text() string }

// event prints an alert or a log, and returns errLimit after the last that was asked for.
func (p *printer) event(e texter, lost uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit > 0 && p.printed >= p.limit {
		return errLimit
	}
	if err := p.print(p.events, e, lost); err != nil {
		return err
	}
	if p.printed++; p.printed == p.limit {
		return errLimit
	}
	return nil
}

func (p *printer) message(m event.Message, lost uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.print(p.messages, m, lost)
}

func (p *printer) print(to io.Writer, e texter, lost uint64) error {
	if lost > 0 {
		fmt.Fprintf(p.losses, "karmor: %d events were lost before the next: they came faster than they were read\n", lost)
	}
	if p.form == "text" {
		_, err := io.WriteString(to, e.Text())
		return err
	}
	encoder := json.NewEncoder(to)
	if p.form == "pretty-json" {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(e)
}
