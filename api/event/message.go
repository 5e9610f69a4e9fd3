package event

import (
	"fmt"
	"strings"
)

// Message is what the system says about itself.
type Message struct {
	Timestamp   int64  `json:"Timestamp"` // seconds since 1970
	UpdatedTime string `json:"UpdatedTime"`
	ClusterName string `json:"ClusterName,omitempty"`
	HostName    string `json:"HostName,omitempty"`
	HostIP      string `json:"HostIP,omitempty"`
	Type        string `json:"Type,omitempty"`
	Level       string `json:"Level,omitempty"`
	Message     string `json:"Message,omitempty"`
}

// Text returns the message as a line: time, cluster, host, level and what is said. What could
// forge a line is escaped.
func (m Message) Text() string {
	words := []string{when(m.Timestamp, m.UpdatedTime)}
	for _, word := range []string{m.ClusterName, m.HostName} {
		if word != "" {
			words = append(words, escape(word))
		}
	}
	return fmt.Sprintf("%s  [%s]  %s\n", strings.Join(words, "  "), escape(m.Level), escape(m.Message))
}
