package feeder

import "kubearmor.io/api/event"

// FromMessage returns the message of the protocol; see FromAlert.
func FromMessage(m event.Message) *Message {
	return &Message{
		Timestamp:   m.Timestamp,
		UpdatedTime: valid(m.UpdatedTime),
		ClusterName: valid(m.ClusterName),
		HostName:    valid(m.HostName),
		HostIP:      valid(m.HostIP),
		Type:        valid(m.Type),
		Level:       valid(m.Level),
		Message:     valid(m.Message),
	}
}

// Event returns the message that the protocol's is.
func (m *Message) Event() event.Message {
	return event.Message{
		Timestamp:   m.Timestamp,
		UpdatedTime: m.UpdatedTime,
		ClusterName: m.ClusterName,
		HostName:    m.HostName,
		HostIP:      m.HostIP,
		Type:        m.Type,
		Level:       m.Level,
		Message:     m.Message,
	}
}
