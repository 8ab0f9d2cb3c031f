//go:build !linux

package gateway

import "net"

// acknowledge does nothing, because only Linux has TCP_QUICKACK. The gateway runs on Linux, the tests run anywhere.
func acknowledge(*net.TCPConn) {}
