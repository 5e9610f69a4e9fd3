package logs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"google.golang.org/grpc/credentials"
)

// serverName is in the certificate of every relay, by whatever address it is reached: its authority
// is trusted for relays alone.
const serverName = "localhost"

// readCertificates reads a directory laid out by hand (client.crt) or from a Secret (tls.crt).
func readCertificates(dir string) (credentials.TransportCredentials, error) {
	authority := filepath.Join(dir, "ca.crt")
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, fmt.Errorf("--tlsCertPath: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--tlsCertPath: %s holds no certificate", authority)
	}
	name := "client"
	if _, err := os.Stat(filepath.Join(dir, "client.crt")); errors.Is(err, fs.ErrNotExist) {
		name = "tls"
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, fmt.Errorf("--tlsCertPath: %w", err)
	}
	return credentials.NewTLS(&tls.Config{
		RootCAs: pool, Certificates: []tls.Certificate{pair}, ServerName: serverName, MinVersion: tls.VersionTLS12,
	}), nil
}
