package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// Files are PEM files. CA may hold several certificates.
type Files struct{ Cert, Key, CA string }

// Source hands out the current state of the files. Make one with Open.
type Source struct {
	files Files
	log   logr.Logger

	mu       sync.Mutex
	read     contents
	config   *tls.Config
	expiry   time.Time
	failures uint64
	told     string // the failure that was logged last
}

type contents struct{ cert, key, ca []byte }

// Open reads the files.
func Open(files Files, log logr.Logger) (*Source, error) {
	s := &Source{files: files, log: log}
	if err := s.refresh(); err != nil {
		return nil, err
	}
	return s, nil
}

// Config is for a server; each handshake uses the files as they are then.
func (s *Source) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if err := s.refresh(); err != nil {
				s.failures++
				if err.Error() != s.told {
					s.told = err.Error()
					s.log.Error(err, "the certificate that was read before stays in use")
				}
			}
			return s.config, nil
		},
	}
}

// Expiry is when the certificate in use ends.
func (s *Source) Expiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expiry
}

// Failures counts connections that came while the files could not be used.
func (s *Source) Failures() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures
}

// refresh takes the files over if they have changed and fit together.
func (s *Source) refresh() error {
	now, err := s.files.read()
	if err != nil {
		return fmt.Errorf("read the certificates: %w", err)
	}
	if s.config != nil && bytes.Equal(now.cert, s.read.cert) && bytes.Equal(now.key, s.read.key) && bytes.Equal(now.ca, s.read.ca) {
		return nil
	}
	pair, err := tls.X509KeyPair(now.cert, now.key)
	if err != nil {
		return fmt.Errorf("the certificate %s with the key %s: %w", s.files.Cert, s.files.Key, err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(now.ca) {
		return fmt.Errorf("%s holds no certificate: it has to be that of the authority whose clients are answered", s.files.CA)
	}
	s.read, s.expiry, s.told = now, pair.Leaf.NotAfter, ""
	s.config = &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    authorities,
		NextProtos:   []string{"h2"},
		// A ticket would outlive the authority that its client was known by.
		SessionTicketsDisabled: true,
	}
	return nil
}

func (f Files) read() (contents, error) {
	cert, certErr := os.ReadFile(f.Cert)
	key, keyErr := os.ReadFile(f.Key)
	ca, caErr := os.ReadFile(f.CA)
	return contents{cert, key, ca}, errors.Join(certErr, keyErr, caErr)
}
