package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"kubearmor.io/e2e/lab/wire"
)

func TestFramesArriveAsTheyWereSentAndInOrder(t *testing.T) {
	host, guest := net.Pipe()
	sent := []wire.Frame{
		{Kind: wire.Stdout, ID: 1, Payload: []byte("out")},
		{Kind: wire.Stderr, ID: 2, Payload: []byte{}},
		{Kind: wire.Stdout, ID: 1 << 31, Payload: bytes.Repeat([]byte("x"), wire.MaxPayload)},
	}
	go func() {
		defer guest.Close()
		for _, f := range sent {
			if err := wire.NewConn(guest).Write(f); err != nil {
				t.Error(err)
			}
		}
	}()
	conn := wire.NewConn(host)
	var got []wire.Frame
	for {
		f, err := conn.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("frames (-sent +got):\n%s", diff)
	}
}

func TestAnExitStatusSurvivesTheWire(t *testing.T) {
	tests := []struct {
		name   string
		status wire.Status
		want   int
	}{
		{"success is zero", wire.Status{}, 0},
		{"a program's own status", wire.Status{Code: 42}, 42},
		{"a signal adds 128, as in a shell", wire.Status{Signal: 9}, 137},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var port bytes.Buffer
			conn := wire.NewConn(&port)
			if err := conn.WriteJSON(wire.Exit, 7, tt.status); err != nil {
				t.Fatal(err)
			}
			f, err := conn.Read()
			if err != nil {
				t.Fatal(err)
			}
			var got wire.Status
			if err := f.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if f.Kind != wire.Exit || f.ID != 7 || got.ExitCode() != tt.want {
				t.Errorf("got frame %q of command %d with exit code %d, want %d", f.Kind, f.ID, got.ExitCode(), tt.want)
			}
		})
	}
}

func TestABrokenStreamIsAnErrorAndNotTheEnd(t *testing.T) {
	tests := []struct {
		name   string
		stream []byte
	}{
		{"cut in the header", []byte("o\x00\x00")},
		{"cut in the payload", []byte("o\x00\x00\x00\x01\x00\x00\x00\x05ab")},
		{"with a length beyond the limit", []byte("o\x00\x00\x00\x01\xff\xff\xff\xff")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := wire.NewConn(bytes.NewBuffer(tt.stream)).Read()
			if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("error is %v, want one that isn't the end of the stream", err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("o\x00\x00\x00\x01\x00\x00\x00\x02ab"))
	f.Add([]byte("x\x00\x00\x00\x01\x00\x00\x00\x0a{\"code\":1}"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var port bytes.Buffer
		port.Write(stream)
		frame, err := wire.NewConn(&port).Read()
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := wire.NewConn(&again).Write(frame); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(stream, again.Bytes()) {
			t.Errorf("frame %+v is written as %q, was read from %q", frame, again.Bytes(), stream)
		}
	})
}
