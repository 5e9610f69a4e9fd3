//go:build guest

package policies

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// sql asks the container's PostgreSQL, in a session of its own, from outside; the answer's
// first column has to contain want.
func (p *pod) sql(statement, want string) error { return p.sqlOn(postgresPort, statement, want) }

func (p *pod) sqlOn(port int, statement, want string) error {
	answer, err := p.query(port, statement)
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	if !strings.Contains(answer, want) {
		return fmt.Errorf("%s answered %q, want %q", statement, answer, want)
	}
	return nil
}

// sqlFails demands an error that contains want.
func (p *pod) sqlFails(statement, want string) {
	p.t.Helper()
	if answer, err := p.query(postgresPort, statement); err == nil || !strings.Contains(err.Error(), want) {
		p.t.Errorf("%s answered %q, error %v, want an error with %q", statement, answer, err, want)
	}
}

// query speaks PostgreSQL's protocol 3.0 as far as it takes: no authentication, simple
// queries, text answers.
func (p *pod) query(port int, statement string) (string, error) {
	conn, err := p.Dial(p.t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return "", err
	}
	startup := binary.BigEndian.AppendUint32(nil, 3<<16)
	startup = append(startup, "user\x00postgres\x00database\x00postgres\x00\x00"...)
	if err := send(conn, 0, startup); err != nil {
		return "", err
	}
	if _, err := readAnswer(conn); err != nil {
		return "", err
	}
	if err := send(conn, 'Q', append([]byte(statement), 0)); err != nil {
		return "", err
	}
	answer, err := readAnswer(conn)
	return answer, errors.Join(err, send(conn, 'X', nil))
}

func send(conn net.Conn, kind byte, payload []byte) error {
	var message []byte
	if kind != 0 {
		message = append(message, kind)
	}
	message = binary.BigEndian.AppendUint32(message, uint32(len(payload)+4))
	_, err := conn.Write(append(message, payload...))
	return err
}

// readAnswer reads messages until the server is ready for a query, and returns the first
// column of each row.
func readAnswer(conn io.Reader) (string, error) {
	var rows []string
	var failed error
	for {
		var header [5]byte
		if _, err := io.ReadFull(conn, header[:]); err != nil {
			return "", errors.Join(failed, err)
		}
		payload := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
		if _, err := io.ReadFull(conn, payload); err != nil {
			return "", errors.Join(failed, err)
		}
		switch header[0] {
		case 'D': // number of columns, length of the first, the first
			rows = append(rows, string(payload[6:6+binary.BigEndian.Uint32(payload[2:])]))
		case 'E':
			failed = errors.New(string(bytes.ReplaceAll(payload, []byte{0}, []byte{' '})))
		case 'Z':
			return strings.Join(rows, "\n"), failed
		}
	}
}
