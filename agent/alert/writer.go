package alert

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"kubearmor.io/api/event"
)

// Writer writes alerts to a file, one after the other.
type Writer struct {
	to   io.Writer
	file *os.File // to close; nil for a standard stream
	text bool
}

// Create opens the file that name names; "-" is out, and no name drops every alert.
// Alerts are appended as JSON lines, or in text form.
func Create(name string, out io.Writer, text bool) (*Writer, error) {
	switch name {
	case "":
		return &Writer{to: io.Discard}, nil
	case "-":
		return &Writer{to: out, text: text}, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file for events: %w", err)
	}
	return &Writer{to: f, file: f, text: text}, nil
}

// Write writes one alert.
func (w *Writer) Write(a event.Alert) error {
	if w.text {
		_, err := io.WriteString(w.to, a.Text())
		return err
	}
	line, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	_, err = w.to.Write(append(line, '\n'))
	return err
}

// Close closes the file.
func (w *Writer) Close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}
