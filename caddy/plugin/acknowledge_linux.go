package gateway

import (
	"net"
	"syscall"
)

// acknowledge sends the acknowledgement that the kernel would delay. It is needed after each read, because the kernel resets
// TCP_QUICKACK by itself.
func acknowledge(connection *net.TCPConn) {
	if raw, err := connection.SyscallConn(); err == nil {
		_ = raw.Control(func(socket uintptr) {
			_ = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
		})
	}
}
