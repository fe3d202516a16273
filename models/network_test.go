package models

import "testing"

func TestNetworkTypesHaveNames(t *testing.T) {
	for value, want := range map[NetworkType]string{
		NetworkTypeUDP4: "udp4", NetworkTypeUDP6: "udp6", NetworkTypeTCP4: "tcp4", NetworkTypeTCP6: "tcp6",
		0: "NetworkType(0)", 5: "NetworkType(5)", -1: "NetworkType(-1)",
	} {
		if got := value.String(); got != want {
			t.Errorf("%d is called %q, expected %q", int(value), got, want)
		}
	}
}
