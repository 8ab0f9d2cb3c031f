package gateway

import (
	"context"
	"net"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Transport is Caddy's transport of HTTP, with the same options, for upstreams that wait for an acknowledgement in the
// middle of an answer. uvicorn does so when it has several workers and no uvloop: asyncio leaves Nagle's algorithm on for
// sockets that were bound before, and the second packet of an answer waits for the delayed acknowledgement of the first,
// 40 ms, on each kept connection.
type Transport struct {
	reverseproxy.HTTPTransport
}

func init() { caddy.RegisterModule(new(Transport)) }

// CaddyModule tells Caddy about this module.
func (*Transport) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.mlflow", New: func() caddy.Module { return new(Transport) }}
}

// Provision makes the transport.
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

// promptConnection acknowledges what it reads at once.
type promptConnection struct {
	*net.TCPConn
}

func (c *promptConnection) Read(buffer []byte) (int, error) {
	n, err := c.TCPConn.Read(buffer)
	// a full buffer has more behind it, and a sender that is in the middle of much waits for nothing.
	if n > 0 && n < len(buffer) {
		acknowledge(c.TCPConn)
	}
	return n, err
}
