package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Transport is Caddy's HTTP transport with the same options, but it acknowledges received packets at once. Without that each
// answer on a kept connection may take 40 ms longer: uvicorn with several workers and without uvloop has Nagle's algorithm
// on, because asyncio does not switch it off for sockets that were bound before. Then the second packet of an answer waits
// for the delayed acknowledgement of the first.
//
// It also uses no connection again on which the upstream has answered 5xx. After an error that MLflow does not catch uvicorn
// closes the connection without having said so, and the next request on it, of any user, would fail: nobody knows whether the
// upstream has got it.
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
			return &promptConnection{TCPConn: tcp}, err
		}
		return connection, err
	}
	return nil
}

// RoundTrip sends a request. For a connection that it closes itself Go takes another one, because nothing of the request was
// written. For that the body has to be readable from its beginning.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		return t.get(request)
	}
	if t.KeepAlive != nil && t.KeepAlive.Enabled != nil && !*t.KeepAlive.Enabled {
		return t.HTTPTransport.RoundTrip(request)
	}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), closeFailed))
	if request.Body != nil && request.Body != http.NoBody && request.GetBody == nil {
		body := &replayableBody{source: request.Body, read: make([]byte, 0, min(max(request.ContentLength, 0), keptOfBody))}
		request.Body, request.GetBody = &bodyReader{body: body}, body.again
	}
	for {
		answer, err := t.HTTPTransport.RoundTrip(request)
		// Go has no variable for this error. The upstream had closed the connection before this request was begun, so that it
		// cannot have got it, but Go does not send a POST again all the same.
		if err == nil || err.Error() != "http: server closed idle connection" {
			return answer, err
		}
		if request.GetBody != nil {
			body, bodyErr := request.GetBody()
			if bodyErr != nil {
				return nil, err
			}
			request.Body = body
		}
	}
}

var closeFailed = &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
	if connection := promptOf(got.Conn); connection != nil && connection.failed.Load() {
		_ = connection.Close()
	}
}}

// More of a body than the write buffer of a connection has been read only if something was written.
const keptOfBody = 256 << 10

// replayableBody keeps the beginning of a body, so that it can be read again.
type replayableBody struct {
	source io.ReadCloser
	read   []byte
	// More was read than is kept.
	beyond bool
}

func (b *replayableBody) again() (io.ReadCloser, error) {
	if b.beyond {
		return nil, errors.New("too much of the body was read")
	}
	return &bodyReader{body: b}, nil
}

// bodyReader reads a body once.
type bodyReader struct {
	body   *replayableBody
	offset int
}

func (r *bodyReader) Read(p []byte) (int, error) {
	b := r.body
	if r.offset < len(b.read) {
		n := copy(p, b.read[r.offset:])
		r.offset += n
		return n, nil
	}
	n, err := b.source.Read(p)
	if b.beyond = b.beyond || len(b.read)+n > keptOfBody; b.beyond {
		b.read = nil
	} else {
		b.read = append(b.read, p[:n]...)
		r.offset += n
	}
	return n, err
}

// Close leaves a body open that may be read again. Caddy closes it with the client's request.
func (r *bodyReader) Close() error {
	if r.body.beyond {
		return r.body.source.Close()
	}
	return nil
}

// promptConnection acknowledges at once what it reads, and remembers an answer 5xx and a reset.
type promptConnection struct {
	*net.TCPConn
	failed, reset atomic.Bool
	sent          atomic.Int64
}

func (c *promptConnection) Read(buffer []byte) (int, error) {
	n, err := c.TCPConn.Read(buffer)
	c.note(err)
	// Part of a body may look like that, too, and costs a connection.
	if answer := buffer[:n]; bytes.HasPrefix(answer, []byte("HTTP/1.1 5")) {
		c.failed.Store(true)
	}
	// A full buffer means that more data is on its way, and its sender does not wait.
	if n > 0 && n < len(buffer) {
		acknowledge(c.TCPConn)
	}
	return n, err
}
