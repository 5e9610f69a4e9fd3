package v1

import "k8s.io/apimachinery/pkg/util/intstr"

// NetworkRules are rules about sockets and addresses.
//
// +kubebuilder:pruning:PreserveUnknownFields
type NetworkRules struct {
	// Sockets by protocol.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchProtocols []ProtocolRule `json:"matchProtocols,omitempty"`

	// Connections by address, port and direction.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchEndpoints []EndpointRule `json:"matchEndpoints,omitempty"`

	// DNS queries by name. Accepted, and reported as not enforced.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	MatchDNSQueries []DNSQueryRule `json:"matchDNSQueries,omitempty"`

	Attributes `json:",inline"`
}

// ProtocolRule matches creating a socket of a protocol.
//
// +kubebuilder:pruning:PreserveUnknownFields
type ProtocolRule struct {
	// tcp, udp, icmp, icmpv6, sctp, raw or all, in any letter case.
	// +kubebuilder:validation:Pattern=`^(?i:all|tcp|udp|icmp|icmpv6|sctp|raw)$`
	Protocol string `json:"protocol"`

	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}

// EndpointRule matches connecting or sending to an address (egress), or binding
// and accepting (ingress).
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="has(self.fqdn) || has(self.cidr) || has(self.ports) || has(self.protocol) || has(self.direction)",message="give at least one of cidr, ports, protocol and direction"
// +kubebuilder:validation:XValidation:rule="!has(self.fqdn)",message="fqdn is not supported yet: give the addresses as cidr"
type EndpointRule struct {
	// Addresses, such as 10.0.0.0/8 or 2001:db8::1. Without it, every address.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F.:]+(/[0-9]{1,3})?$`
	CIDR string `json:"cidr,omitempty"`

	// Host name. Refused until it is supported.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	FQDN string `json:"fqdn,omitempty"`

	// Ports, such as 443 or "8000-8999". Without them, every port.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	Ports []Port `json:"ports,omitzero"`

	// tcp, udp or sctp, in any letter case. Without it, each of them.
	// +optional
	// +kubebuilder:validation:Pattern=`^(?i:tcp|udp|sctp)$`
	Protocol string `json:"protocol,omitempty"`

	// egress: connecting and sending to the address. ingress: binding and accepting. Without it, egress.
	// +optional
	// +kubebuilder:validation:Enum=egress;ingress
	Direction string `json:"direction,omitempty"`

	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}

// Port is one port as a number or text, or a range of them as a text "8000-8999".
type Port = intstr.IntOrString

// DNSQueryRule matches DNS queries for a name. It is accepted, and not enforced.
//
// +kubebuilder:pruning:PreserveUnknownFields
type DNSQueryRule struct {
	// Name that is asked for.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Domain string `json:"domain,omitempty"`

	Narrowing  `json:",inline"`
	Attributes `json:",inline"`
}
