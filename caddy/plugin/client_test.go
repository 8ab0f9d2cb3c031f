package gateway

import "testing"

func TestAClientIsAnAddressOrANetworkOfIPv6(t *testing.T) {
	for _, same := range [][2]string{
		{"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8::1", "2001:db8::ffff:1"}, {"fe80::1%eth0", "fe80::1"}, {"", "@"},
	} {
		if clientKeyOf(same[0]) != clientKeyOf(same[1]) {
			t.Errorf("%s and %s are two clients", same[0], same[1])
		}
	}
	for _, different := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8:0:1::1"}, {"", "192.0.2.1"}} {
		if clientKeyOf(different[0]) == clientKeyOf(different[1]) {
			t.Errorf("%s and %s are one client", different[0], different[1])
		}
	}
}
