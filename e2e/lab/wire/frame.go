package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Kind says what a frame carries.
type Kind byte

// Frames the guest sends.
const (
	Hello  Kind = 'h' // Greeting: init runs, before any disk is mounted
	Ready  Kind = 'r' // Report: the guest is set up
	Failed Kind = 'f' // text: set-up failed (command 0) or a command could not start
	Stdout Kind = 'o' // bytes of a command's standard output
	Stderr Kind = 'e' // bytes of a command's standard error
	Taken  Kind = 't' // a command has taken one Stdin frame
	Exit   Kind = 'x' // Status: a command ended, all of its output was sent before
)

// Frames the host sends.
const (
	Prepare  Kind = 'p' // Setup: disks to mount, names to set
	Start    Kind = 's' // Command
	Stdin    Kind = 'i' // bytes of a command's standard input
	StdinEOF Kind = 'z' // end of a command's standard input
	Kill     Kind = 'k' // Signal to a command's process group
)

// StdinWindow is how many Stdin frames may be on their way to a command that
// hasn't taken them: one that doesn't read must not hold the others up.
const StdinWindow = 8

// MaxPayload bounds a frame, so that a corrupt length can't ask for gigabytes.
const MaxPayload = 1 << 20

const headerSize = 9

// Frame is one message. ID is the command it belongs to, 0 for the guest itself.
type Frame struct {
	Kind    Kind
	ID      uint32
	Payload []byte
}

// Conn reads and writes frames. One goroutine may read while any number write.
type Conn struct {
	rw io.ReadWriter
	mu sync.Mutex // serialises writers
}

// NewConn wraps a port. It does not close it.
func NewConn(rw io.ReadWriter) *Conn { return &Conn{rw: rw} }

// Read returns the next frame; io.EOF when the other side closed between two frames.
func (c *Conn) Read() (Frame, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(c.rw, header[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			return Frame{}, fmt.Errorf("read frame header: %w", err)
		}
		return Frame{}, err
	}
	f := Frame{Kind: Kind(header[0]), ID: binary.BigEndian.Uint32(header[1:5])}
	size := binary.BigEndian.Uint32(header[5:9])
	if size > MaxPayload {
		return Frame{}, fmt.Errorf("read frame %q: payload of %d bytes exceeds %d", f.Kind, size, MaxPayload)
	}
	f.Payload = make([]byte, size)
	if _, err := io.ReadFull(c.rw, f.Payload); err != nil {
		return Frame{}, fmt.Errorf("read frame %q: %w", f.Kind, err)
	}
	return f, nil
}

// Write sends one frame, whole.
func (c *Conn) Write(f Frame) error {
	if len(f.Payload) > MaxPayload {
		return fmt.Errorf("write frame %q: payload of %d bytes exceeds %d", f.Kind, len(f.Payload), MaxPayload)
	}
	buf := make([]byte, headerSize+len(f.Payload))
	buf[0] = byte(f.Kind)
	binary.BigEndian.PutUint32(buf[1:5], f.ID)
	binary.BigEndian.PutUint32(buf[5:9], uint32(len(f.Payload)))
	copy(buf[headerSize:], f.Payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.rw.Write(buf); err != nil {
		return fmt.Errorf("write frame %q: %w", f.Kind, err)
	}
	return nil
}

// WriteJSON sends a frame whose payload is message as JSON.
func (c *Conn) WriteJSON(kind Kind, id uint32, message any) error {
	payload, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode frame %q: %w", kind, err)
	}
	return c.Write(Frame{Kind: kind, ID: id, Payload: payload})
}

// Decode reads a frame's JSON payload.
func (f Frame) Decode(message any) error {
	if err := json.Unmarshal(f.Payload, message); err != nil {
		return fmt.Errorf("decode frame %q: %w", f.Kind, err)
	}
	return nil
}
