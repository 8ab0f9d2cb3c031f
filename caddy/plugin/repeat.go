package gateway

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"syscall"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// A GET may end the process that answers it. Therefore upstreams get it at most twice.
const maxTaken = 2

// Variables of a request. Caddy asks the second one, by lb_retry_match, whether it repeats a request that was sent.
const (
	takenVar  = "mlflow.taken"
	repeatVar = "mlflow.repeat"
)

// getting follows one GET or HEAD over its connections. Go itself sends it again if a kept connection ends, and Caddy if all
// else fails, so that what both do is counted here.
type getting struct {
	// How many connections ended although an upstream may have read the request.
	taken int
	// The connection that has the request, and how much was written to it before.
	connection *promptConnection
	before     int64
}

// get sends a GET or HEAD. An error that no upstream can have caused by reading the request becomes an error of dialing:
// Caddy repeats the request then for as long as an upstream may need to restart.
func (t *Transport) get(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	g := new(getting)
	g.taken, _ = caddyhttp.GetVar(ctx, takenVar).(int)
	before := g.taken
	answer, err := t.HTTPTransport.RoundTrip(request.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: g.begin})))
	if err == nil || ctx.Err() != nil {
		return answer, err
	}
	g.end()
	if g.taken == before {
		return nil, reverseproxy.NewDialError(err)
	}
	caddyhttp.SetVar(ctx, takenVar, g.taken)
	caddyhttp.SetVar(ctx, repeatVar, map[bool]string{true: "yes", false: "no"}[g.taken < maxTaken])
	return nil, err
}

// begin takes a connection. Of a connection that it closes Go takes another one, because nothing was written.
func (g *getting) begin(got httptrace.GotConnInfo) {
	g.end()
	connection := promptOf(got.Conn)
	if connection == nil {
		return
	}
	// After an upstream that died others of its connections may end at any moment. A new connection is not one of them, and
	// Go does not send the request again after it.
	if connection.failed.Load() || (g.taken > 0 && got.Reused) {
		_ = connection.Close()
	}
	g.connection, g.before = connection, connection.sent.Load()
}

// end judges the last connection. Linux resets a connection if its owner ends or closes it before all was read: then nobody
// has read the request.
func (g *getting) end() {
	if c := g.connection; c != nil && c.sent.Load() > g.before && !c.reset.Load() {
		g.taken++
	}
	g.connection = nil
}

// promptOf finds our part of a connection.
func promptOf(connection net.Conn) *promptConnection {
	if encrypted, ok := connection.(*tls.Conn); ok {
		connection = encrypted.NetConn()
	}
	prompt, _ := connection.(*promptConnection)
	return prompt
}

// Write counts what was sent.
func (c *promptConnection) Write(text []byte) (int, error) {
	n, err := c.TCPConn.Write(text)
	c.sent.Add(int64(n))
	c.note(err)
	return n, err
}

// note remembers that the connection was reset.
func (c *promptConnection) note(err error) {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		c.reset.Store(true)
	}
}
