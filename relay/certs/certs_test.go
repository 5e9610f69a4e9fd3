package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"

	"kubearmor.io/relay/certs"
	"kubearmor.io/relay/certs/certtest"
)

// handshake connects with a client's certificate and returns the server's, or why that failed.
func handshake(t *testing.T, config *tls.Config, client *tls.Config) (*x509.Certificate, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			err = tls.Server(conn, config).Handshake()
			_ = conn.Close()
		}
		served <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	side := tls.Client(conn, client)
	err = side.Handshake()
	if refused := <-served; refused != nil { // with TLS 1.3 a client is done before it is judged
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	return side.ConnectionState().PeerCertificates[0], nil
}

// insist has a client show its certificate whatever authorities the server names.
func insist(config *tls.Config) *tls.Config {
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &config.Certificates[0], nil }
	return config
}

func open(t *testing.T, dir string, log func(string)) *certs.Source {
	t.Helper()
	s, err := certs.Open(files(dir), funcr.New(func(_, args string) { log(args) }, funcr.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func files(dir string) certs.Files {
	return certs.Files{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), CA: filepath.Join(dir, "ca.crt")}
}

func TestOnlyClientsOfTheAuthorityAreAnswered(t *testing.T) {
	ours, theirs := certtest.NewAuthority(t, "ours"), certtest.NewAuthority(t, "theirs")
	dir := t.TempDir()
	ours.Write(t, dir, "relay")
	config := open(t, dir, func(s string) { t.Error(s) }).Config()
	if _, err := handshake(t, config, ours.Client(t)); err != nil {
		t.Errorf("a client of the authority: %v", err)
	}
	stranger := insist(theirs.Client(t))
	stranger.RootCAs = ours.Pool()
	if _, err := handshake(t, config, stranger); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a client of another authority: %v", err)
	}
	if _, err := handshake(t, config, &tls.Config{RootCAs: ours.Pool(), ServerName: "localhost"}); err == nil || !strings.Contains(err.Error(), "didn't provide a certificate") {
		t.Errorf("a client without a certificate: %v", err)
	}
	old := ours.Client(t)
	old.MaxVersion = tls.VersionTLS11
	if _, err := handshake(t, config, old); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestNewFilesAreUsedWithoutARestart(t *testing.T) {
	first, second := certtest.NewAuthority(t, "first"), certtest.NewAuthority(t, "second")
	dir := t.TempDir()
	first.Write(t, dir, "before")
	s := open(t, dir, func(s string) { t.Error(s) })
	config := s.Config()
	if cert, err := handshake(t, config, first.Client(t)); err != nil || cert.Subject.CommonName != "before" {
		t.Fatalf("%v, %v", cert, err)
	}
	before := s.Expiry()
	second.Expiry = second.Expiry.Add(time.Hour)
	second.Write(t, dir, "after")
	if cert, err := handshake(t, config, second.Client(t)); err != nil || cert.Subject.CommonName != "after" {
		t.Errorf("%v, %v", cert, err)
	}
	if !s.Expiry().After(before) {
		t.Errorf("the certificate ends at %v, as before", s.Expiry())
	}
	stranger := insist(first.Client(t))
	stranger.RootCAs = second.Pool()
	if _, err := handshake(t, config, stranger); err == nil {
		t.Error("a client of the authority before is still answered")
	}
}

func TestFilesThatDoNotFitLeaveThoseBeforeInUse(t *testing.T) {
	authority := certtest.NewAuthority(t, "ours")
	dir := t.TempDir()
	authority.Write(t, dir, "before")
	var logged []string
	s := open(t, dir, func(line string) { logged = append(logged, line) })
	// A new certificate whose key is not there yet.
	key, err := os.ReadFile(files(dir).Key)
	if err != nil {
		t.Fatal(err)
	}
	authority.Write(t, dir, "after")
	after, err := os.ReadFile(files(dir).Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files(dir).Key, key, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if cert, err := handshake(t, s.Config(), authority.Client(t)); err != nil || cert.Subject.CommonName != "before" {
			t.Errorf("%v, %v", cert, err)
		}
	}
	if len(logged) != 1 || !strings.Contains(logged[0], "tls.crt") || s.Failures() != 2 {
		t.Errorf("%d failures, logged %q", s.Failures(), logged)
	}
	if err := os.WriteFile(files(dir).Key, after, 0o600); err != nil {
		t.Fatal(err)
	}
	if cert, err := handshake(t, s.Config(), authority.Client(t)); err != nil || cert.Subject.CommonName != "after" {
		t.Errorf("%v, %v", cert, err)
	}
}

func TestWhatIsMissingAtTheStartIsNamed(t *testing.T) {
	dir := t.TempDir()
	_, err := certs.Open(files(dir), funcr.New(func(string, string) {}, funcr.Options{}))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "ca.crt") {
		t.Errorf("no files: %v", err)
	}
	certtest.NewAuthority(t, "ours").Write(t, dir, "relay")
	if err := os.WriteFile(files(dir).CA, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certs.Open(files(dir), funcr.New(func(string, string) {}, funcr.Options{})); err == nil || !strings.Contains(err.Error(), "ca.crt holds no certificate") {
		t.Errorf("an empty authority: %v", err)
	}
}
