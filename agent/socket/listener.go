package socket

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// greetTime is how long a connection may take to say which protocol it speaks.
const greetTime = 5 * time.Second

// Listener sorts connections to the socket by protocol.
type Listener struct {
	inner   *net.UnixListener
	options Options
	grpc    *branch
	http    *branch
	open    atomic.Int64
	refused [refusals]atomic.Uint64
}

// Counters tell what became of connections.
type Counters struct {
	Open            int
	RefusedPeer     uint64 // neither root nor of the group
	RefusedLimit    uint64 // too many at once
	RefusedProtocol uint64 // neither gRPC nor HTTP, or silent for too long
}

type refusal int

const (
	byPeer refusal = iota
	byLimit
	byProtocol
	refusals
)

func newListener(inner *net.UnixListener, o Options) *Listener {
	done := make(chan struct{})
	end := sync.OnceFunc(func() { close(done) })
	make := func() *branch {
		return &branch{addr: inner.Addr(), conns: make(chan net.Conn), done: done, end: end}
	}
	return &Listener{inner: inner, options: o, grpc: make(), http: make()}
}

// GRPC and HTTP return the listeners for the connections of a protocol. Closing one ends both.
func (l *Listener) GRPC() net.Listener { return l.grpc }

// HTTP is the counterpart of GRPC.
func (l *Listener) HTTP() net.Listener { return l.http }

// Close ends Serve and removes the socket.
func (l *Listener) Close() error {
	l.grpc.end()
	err := l.inner.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Counters returns what has been counted.
func (l *Listener) Counters() Counters {
	return Counters{
		Open: int(l.open.Load()), RefusedPeer: l.refused[byPeer].Load(), RefusedLimit: l.refused[byLimit].Load(),
		RefusedProtocol: l.refused[byProtocol].Load(),
	}
}

// Serve accepts connections until Close.
func (l *Listener) Serve() error {
	for {
		conn, err := l.inner.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ECONNABORTED):
			l.refused[byLimit].Add(1)
			time.Sleep(10 * time.Millisecond) // descriptors come back when others end
			continue
		case err != nil:
			return err
		}
		c := &counted{Conn: conn, open: &l.open}
		n := l.open.Add(1)
		switch {
		case !l.welcome(conn):
			l.refuse(c, byPeer)
		case n > int64(l.options.Connections):
			l.refuse(c, byLimit)
		default:
			go l.sort(c)
		}
	}
}

func (l *Listener) refuse(c net.Conn, why refusal) {
	l.refused[why].Add(1)
	_ = c.Close()
}

// welcome asks the kernel who connects.
func (l *Listener) welcome(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	return err == nil && failed == nil && allowed(peer, l.options.Group)
}

func allowed(peer *unix.Ucred, group int) bool {
	return peer.Uid == 0 || group != NoGroup && peer.Gid == uint32(group)
}

// sort hands the connection to the server of its protocol: HTTP/2, which gRPC speaks, begins with
// PRI, and of HTTP/1 the agent answers GET alone.
func (l *Listener) sort(c *counted) {
	var first [4]byte
	_ = c.SetReadDeadline(time.Now().Add(greetTime))
	if _, err := io.ReadFull(c, first[:]); err != nil {
		l.refuse(c, byProtocol)
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	var to *branch
	switch string(first[:]) {
	case "PRI ":
		to = l.grpc
	case "GET ":
		to = l.http
	default:
		l.refuse(c, byProtocol)
		return
	}
	select {
	case to.conns <- &begun{Conn: c, first: first[:]}:
	case <-to.done:
		_ = c.Close()
	}
}

// branch is the listener of one protocol.
type branch struct {
	addr  net.Addr
	conns chan net.Conn
	done  <-chan struct{}
	end   func()
}

func (b *branch) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.done:
		return nil, net.ErrClosed
	}
}

func (b *branch) Close() error {
	b.end()
	return nil
}

func (b *branch) Addr() net.Addr { return b.addr }

// counted is a connection that counts as open until it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// begun is a connection of which the first bytes have been read.
type begun struct {
	net.Conn
	first []byte
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) == 0 {
		return b.Conn.Read(p)
	}
	n := copy(p, b.first)
	b.first = b.first[n:]
	return n, nil
}
