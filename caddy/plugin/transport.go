package gateway

import (
	"context"
	"net"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Transport is Caddy's HTTP transport with the same options, but it acknowledges received packets at once. Without that each
// answer on a kept connection may take 40 ms longer: uvicorn with several workers and without uvloop has Nagle's algorithm
// on, because asyncio does not switch it off for sockets that were bound before. Then the second packet of an answer waits
// for the delayed acknowledgement of the first.
type Transport struct {
	reverseproxy.HTTPTransport
}

func init() { caddy.RegisterModule(new(Transport)) }

// CaddyModule tells Caddy about this module.
func (*Transport) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.mlflow", New: func() caddy.Module { return new(Transport) }}
}

// Provision wraps the connections of Caddy's transport.
func (t *Transport) Provision(ctx caddy.Context) error {
	if err := t.HTTPTransport.Provision(ctx); err != nil {
		return err
	}
	dial := t.Transport.DialContext
	t.Transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := dial(ctx, network, address)
		if tcp, ok := connection.(*net.TCPConn); ok {
			return &promptConnection{tcp}, err
		}
		return connection, err
	}
	return nil
}

// promptConnection acknowledges at once what it reads.
type promptConnection struct {
	*net.TCPConn
}

func (c *promptConnection) Read(buffer []byte) (int, error) {
	n, err := c.TCPConn.Read(buffer)
	// A full buffer means that more data is on its way, and its sender does not wait.
	if n > 0 && n < len(buffer) {
		acknowledge(c.TCPConn)
	}
	return n, err
}
