package logs

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"kubearmor.io/api/feeder"
	"kubearmor.io/api/stream"
	"kubearmor.io/karmor/status"
)

// options are the flags.
type options struct {
	address      string
	secure       bool
	certificates string
	request      feeder.RequestMessage
	messages     string // where to
	events       string // where to
	json         bool
	output       string
	limit        uint32
}

// New returns the command.
func New() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "logs --gRPC ADDR [flags]",
		Aliases: []string{"log"},
		Short:   "Print events as they come",
		Long: `Print the events that a relay hands out, as they come: alerts, which concern a policy, and logs,
which only observe. It ends when it is interrupted, or after --limit events.

A relay answers who has a certificate of its authority: --secure with --tlsCertPath, a directory with ca.crt
and client.crt and client.key, or ca.crt and tls.crt and tls.key.

The patterns are regular expressions (RE2) that match anywhere in the field; the relay applies them.`,
		Example: `  karmor logs --gRPC localhost:32767 --secure --tlsCertPath ./certs
  karmor logs --gRPC localhost:32767 --secure --tlsCertPath ./certs -n shop --operation 'Process|File' --json
  karmor logs --gRPC localhost:32767 --secure --tlsCertPath ./certs -l app=web,tier=front --limit 10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.run(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.address, "gRPC", "", "address of the relay, as host:port")
	flags.BoolVar(&o.secure, "secure", false, "connect by mutual TLS")
	flags.StringVar(&o.certificates, "tlsCertPath", "", "directory with the certificates")
	flags.StringVar(&o.messages, "msgPath", "none", "where messages go: stdout, none or a file to append to")
	flags.StringVar(&o.events, "logPath", "stdout", "where alerts and logs go: stdout, none or a file to append to")
	flags.StringVar(&o.request.Filter, "logFilter", stream.FilterPolicy, "policy (alerts), system (logs) or all")
	flags.BoolVar(&o.json, "json", false, "the same as -o json")
	flags.StringVarP(&o.output, "output", "o", "text", "text, json (an object a line) or pretty-json")
	flags.StringVarP(&o.request.NamespaceName, "namespace", "n", "", "pattern for the namespace")
	flags.StringVar(&o.request.Operation, "operation", "", "pattern for the operation: Process, File, Network, Capabilities or Syscall")
	flags.StringVar(&o.request.Type, "logType", "", "pattern for the type, such as ContainerLog or MatchedPolicy")
	flags.StringVar(&o.request.ContainerName, "container", "", "pattern for the container's name")
	flags.StringVar(&o.request.PodName, "pod", "", "pattern for the pod's name")
	flags.StringVar(&o.request.Resource, "resource", "", "pattern for what was accessed")
	flags.StringVar(&o.request.Source, "source", "", "pattern for the program that did it")
	flags.Uint32Var(&o.limit, "limit", 0, "end after so many alerts and logs; 0 never")
	flags.StringArrayVarP(&o.request.Labels, "labels", "l", nil, "labels that the pod has all, as name=value,...; given again: or these")
	return cmd
}

func (o *options) check() error {
	if o.address == "" {
		return status.Usage("which relay? Give its address with --gRPC, such as localhost:32767 after 'kubectl port-forward -n kubearmor svc/kubearmor 32767'")
	}
	if o.secure && o.certificates == "" {
		return status.Usage("--secure needs --tlsCertPath: a directory with ca.crt, client.crt and client.key")
	}
	if !o.secure && o.certificates != "" {
		return status.Usage("--tlsCertPath is of use with --secure only")
	}
	if o.json {
		if o.output != "text" && o.output != "json" {
			return status.Usage("--json and -o %s are two forms: give one", o.output)
		}
		o.output = "json"
	}
	if o.output != "text" && o.output != "json" && o.output != "pretty-json" {
		return status.Usage("-o %s: it is text, json or pretty-json", o.output)
	}
	if o.events == "none" && o.messages == "none" {
		return status.Usage("--logPath none leaves nothing to print: give --msgPath as well")
	}
	if o.request.Filter == "" {
		return status.Usage("--logFilter: it is policy, system or all")
	}
	if _, err := stream.NewSelector(&o.request); err != nil {
		return status.Usage("%v", err)
	}
	return nil
}
