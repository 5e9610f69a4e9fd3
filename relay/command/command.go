package command

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"kubearmor.io/api/stream"
	"kubearmor.io/relay/certs"
	"kubearmor.io/relay/serve"
)

// UsageError is a command line that can't be carried out as it stands.
type UsageError struct{ error }

func (e UsageError) Unwrap() error { return e.error }

// New returns the command. It runs until SIGTERM.
func New(version string) *cobra.Command {
	o := serve.Options{Version: version, Limits: stream.DefaultLimits, MinWait: 100 * time.Millisecond, MaxWait: 10 * time.Second}
	var files certs.Files
	var insecure bool
	cmd := &cobra.Command{
		Use:   "kubearmor-relay",
		Short: "Hands the events of this node's agent to clients on the network",
		Long: `Take the events of this node's agent over its socket and hand them to clients on the network, such as
'karmor logs'. It needs no privilege beyond being of the group that the agent's socket is for.

Clients are answered over TLS when they have a certificate of the given authority. The files are looked at
for each connection: put new ones in their place whenever you like.

The metrics' address has /metrics, /metrics/agent (the agent's, read over its socket), /healthz and, failing
while the agent does not answer, /readyz.`,
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
			defer stop()
			log := logr.FromContextOrDiscard(ctx)
			if err := check(o, files, insecure); err != nil {
				return UsageError{err}
			}
			if insecure {
				log.Info("clients are answered in the clear, whoever they are (--insecure)")
			} else if o.Certs, err = certs.Open(files, log); err != nil {
				return err
			}
			relay, err := serve.New(o)
			if err != nil {
				return err
			}
			clients, metrics := relay.Addresses()
			log.Info("serving", "clients", clients.String(), "metrics", metrics.String())
			return relay.Run(ctx)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return UsageError{err} })
	flags := cmd.Flags()
	flags.StringVar(&o.Socket, "agent-socket", "/run/kubearmor/agent.sock", "unix socket of the agent")
	flags.StringVar(&o.Listen, "listen", ":32767", "address for clients")
	flags.StringVar(&o.Metrics, "metrics-listen", ":9464", "address for metrics and probes")
	flags.StringVar(&files.Cert, "tls-cert", "", "PEM file with the relay's certificate")
	flags.StringVar(&files.Key, "tls-key", "", "PEM file with its key")
	flags.StringVar(&files.CA, "tls-ca", "", "PEM file with the authorities whose clients are answered")
	flags.BoolVar(&insecure, "insecure", false, "answer whoever connects, without TLS")
	flags.IntVar(&o.Connections, "max-connections", 256, "connections at once, on each address; others wait")
	flags.IntVar(&o.Limits.Subscribers, "max-subscribers", o.Limits.Subscribers, "subscriptions at once; a client has up to three")
	flags.IntVar(&o.Limits.QueueEvents, "queue-events", o.Limits.QueueEvents, "events that wait for one slow subscriber before it loses some")
	flags.IntVar(&o.Limits.QueueBytes, "queue-bytes", o.Limits.QueueBytes, "bytes of these events")
	return cmd
}

func check(o serve.Options, files certs.Files, insecure bool) error {
	given := files != certs.Files{}
	switch {
	case insecure && given:
		return errors.New("--insecure takes no certificates: leave out the one or the others")
	case !insecure && (files.Cert == "" || files.Key == "" || files.CA == ""):
		return errors.New("give --tls-cert, --tls-key and --tls-ca, or say --insecure")
	case o.Connections < 1 || o.Limits.Subscribers < 1 || o.Limits.QueueEvents < 1 || o.Limits.QueueBytes < 1:
		return errors.New("a limit has to be more than nothing")
	}
	return nil
}
