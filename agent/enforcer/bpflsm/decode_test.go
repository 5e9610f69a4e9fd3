package bpflsm

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"kubearmor.io/bpf"
)

// encode is the inverse of decode.
func encode(t testing.TB, raw bpf.EnforcerEvent, s texts) []byte {
	t.Helper()
	raw.ResourceLen, raw.SourceLen = uint32(len(s.resource)), uint32(len(s.source))
	raw.ParentLen, raw.CwdLen = uint32(len(s.parent)), uint32(len(s.cwd))
	raw.ArgumentsLen = uint32(len(s.arguments))
	b, err := binary.Append(nil, binary.LittleEndian, raw)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, s.resource+s.source+s.parent+s.cwd+s.arguments...)
}

func TestAnEventIsTakenApartAsItWasPutTogether(t *testing.T) {
	raw := bpf.EnforcerEvent{Time: 7, Profile: 1 << 40, Container: 3, Outcome: 5, Kind: 1, Pid: 42, Uid: 1000}
	want := texts{"/etc/shadow\x01\xff", "/usr/sbin/nginx", "", "/srv", "nginx\x00-t\x00HOME=/"}
	got, s, err := decode(encode(t, raw, want))
	if err != nil || s != want || got.Profile != raw.Profile || got.Pid != raw.Pid || got.Outcome != raw.Outcome {
		t.Errorf("%+v %q %v", got, s, err)
	}
}

func TestArgumentsEndWhereTheEnvironmentBegins(t *testing.T) {
	for _, c := range []struct {
		stack string
		n     int
		want  []string
		cut   bool
	}{
		{"sh\x00-c\x00two words\x00HOME=/secret\x00", 3, []string{"sh", "-c", "two words"}, false},
		{"sh\x00\x00\x00HOME=/\x00", 3, []string{"sh", "", ""}, false},
		{"sh\x00-c\x00tw", 3, []string{"sh", "-c", "tw"}, true},
		{"sh\x00", 3, []string{"sh"}, true},
		{"", 2, nil, true},
		{"", 0, nil, false},
		{"HOME=/\x00", 0, nil, false},
	} {
		if got, cut := splitArguments(c.stack, c.n); !slices.Equal(got, c.want) || cut != c.cut {
			t.Errorf("%q, %d: %q, cut %t", c.stack, c.n, got, cut)
		}
	}
}

func TestAnEventNamesTheAddressExactly(t *testing.T) {
	const none = "invalid AddrPort"
	for _, c := range []struct {
		want string
		raw  bpf.EnforcerEvent
	}{
		{"10.1.2.3:443", bpf.EnforcerEvent{Endpoint: [20]uint8{10, 1, 2, 3, 1, 0xbb}, EndpointLen: 6}},
		{"[2001:db8::1]:53", bpf.EnforcerEvent{Endpoint: [20]uint8{0x20, 1, 0xd, 0xb8, 15: 1, 17: 53}, EndpointLen: 18}},
		{"0.0.0.0:0", bpf.EnforcerEvent{EndpointLen: 6}},
		{none, bpf.EnforcerEvent{Endpoint: [20]uint8{10, 1, 2, 3}}},
		{none, bpf.EnforcerEvent{EndpointLen: 7}},
		{none, bpf.EnforcerEvent{EndpointLen: 1 << 31}},
	} {
		if got := address(c.raw).String(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.raw, got, c.want)
		}
	}
}

func TestAnEventThatIsCutIsRefused(t *testing.T) {
	whole := encode(t, bpf.EnforcerEvent{}, texts{"/a", "/b", "/c", "/d", "e\x00"})
	for n := range whole {
		if _, _, err := decode(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for an event", n, len(whole))
		}
	}
}

// FuzzDecode: whatever the buffer holds, decoding ends in an error or in what encodes to
// the same bytes, and an event of no known profile is left out.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, bpf.EnforcerEvent{Profile: 1, Kind: 2}, texts{"/resource", "/source", "/parent", "/cwd", "sh\x00"}))
	f.Add(encode(f, bpf.EnforcerEvent{Profile: 1, Kind: 4, Endpoint: [20]uint8{127, 0, 0, 1, 0, 80}, EndpointLen: 6}, texts{source: "/usr/bin/curl"}))
	f.Add(encode(f, bpf.EnforcerEvent{Profile: 1, Kind: 10, Number: 1 << 31}, texts{}))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 200))
	e := &Enforcer{profiles: newProfiles()}
	f.Fuzz(func(t *testing.T, sample []byte) {
		raw, s, err := decode(sample)
		if err != nil {
			return
		}
		strs := len(s.resource + s.source + s.parent + s.cwd)
		if back := encode(t, raw, s); len(back) > len(sample) || !bytes.Equal(back[len(back)-strs:], sample[len(back)-strs:len(back)]) {
			t.Errorf("%q gave %+v %q", sample, raw, s)
		}
		if at := address(raw); at.IsValid() && len(at.Addr().AsSlice())+2 != int(raw.EndpointLen) {
			t.Errorf("%+v gave the address %v", raw, at)
		}
		if _, ok := e.explain(raw, s); ok {
			t.Error("an event of a profile that never was is explained")
		}
	})
}
