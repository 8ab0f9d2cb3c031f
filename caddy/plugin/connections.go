package gateway

import (
	"container/list"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// All servers of the process share one pool, because they share its memory.
var openConnections = newConnectionPool()

// Connections limits how many connections are open at the same time: of all clients, and half of them of one client. For one
// connection too many it closes an idle one, so that idle connections keep nobody out: the longest idle one of the client, or
// of the client with most connections. It refuses a connection only if all others carry a request. Headers that have not come
// to their end are limited together, because a header in many short lines takes nine times its length of memory.
// golang.org/x/net/netutil.LimitListener would let new clients wait instead.
type Connections struct {
	// Open connections of all clients.
	Total int `json:"total"`

	pool *connectionPool
}

func init() { caddy.RegisterModule(new(Connections)) }

// CaddyModule tells Caddy about this module.
func (*Connections) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.listeners.mlflow_connections", New: func() caddy.Module { return new(Connections) }}
}

// UnmarshalCaddyfile reads
//
//	mlflow_connections <total>
func (c *Connections) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return oneNumber(&c.Total)(d)
}

// Provision lets the server report when a connection begins and ends to carry a request.
func (c *Connections) Provision(ctx caddy.Context) error {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return errors.New("mlflow_connections: must be a listener wrapper of an HTTP server")
	}
	c.pool = openConnections
	server.RegisterConnState(c.pool.changed)
	return nil
}

// Validate refuses a limit that would let nobody in.
func (c *Connections) Validate() error {
	if c.Total < 2 {
		return errors.New("mlflow_connections: must be at least 2")
	}
	return nil
}

// WrapListener limits the connections of a listener. It must be before TLS.
func (c *Connections) WrapListener(listener net.Listener) net.Listener {
	return &limitedListener{listener, c}
}

type limitedListener struct {
	net.Listener
	limits *Connections
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(accepted.RemoteAddr().String())
		connection := &countedConnection{Conn: accepted, pool: l.limits.pool, client: clientKeyOf(host)}
		if l.limits.pool.admit(connection, l.limits.Total) {
			return connection, nil
		}
		_ = accepted.Close()
	}
}

// Bytes of unfinished headers of all connections, for each one that may be open. A usual header is shorter, and unfinished for
// a moment only.
const unfinishedPerConnection = 1 << 10

// countedConnection is a client's connection, as the pool knows it.
type countedConnection struct {
	net.Conn
	pool   *connectionPool
	client clientKey
	// Place among the idle connections of its client. Nil while it carries a request.
	place *list.Element
	since time.Time
	// Whether it has no place, for reads without the pool's mutex.
	busy atomic.Bool
	// Bytes of a header that has not come to its end.
	unfinished int
	left       bool
	preface    prefaceReader
}

// Read ends a connection of HTTP/2 without TLS, and counts what comes of headers.
func (c *countedConnection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.preface.completes(p[:n]) {
		_ = c.Close()
		return 0, io.EOF
	}
	if n > 0 && !c.busy.Load() {
		c.pool.received(c, n)
	}
	return n, err
}

func (c *countedConnection) Close() error {
	c.pool.leave(c)
	return c.Conn.Close()
}

// connectionPool counts the open connections, and knows for how long each is idle.
type connectionPool struct {
	mutex   sync.Mutex
	total   int
	clients map[clientKey]*clientConnections
	// How many may be open.
	limit int
	// Bytes of all headers that have not come to their end.
	unfinished int
}

type clientConnections struct {
	total int
	// Bytes of its headers that have not come to their end.
	unfinished int
	// Longest idle first.
	idle *list.List
}

func (c *clientConnections) longestIdle() *countedConnection {
	return c.idle.Front().Value.(*countedConnection)
}

func newConnectionPool() *connectionPool {
	return &connectionPool{clients: make(map[clientKey]*clientConnections)}
}

// admit adds a connection, and closes an idle one if there are too many. It returns false if none is idle.
func (p *connectionPool) admit(connection *countedConnection, limit int) bool {
	p.mutex.Lock()
	p.limit = limit
	own := p.clients[connection.client]
	var victim *countedConnection
	if full := own != nil && own.total >= limit/2; full || p.total >= limit {
		greediest := own
		if !full {
			greediest = p.greediest()
		}
		if greediest == nil || greediest.idle.Len() == 0 {
			p.mutex.Unlock()
			return false
		}
		victim = greediest.longestIdle()
		p.remove(victim)
	}
	if own = p.clients[connection.client]; own == nil {
		own = &clientConnections{idle: list.New()}
		p.clients[connection.client] = own
	}
	own.total++
	p.total++
	p.setIdle(connection)
	p.mutex.Unlock()
	if victim != nil {
		_ = victim.Conn.Close()
	}
	return true
}

// greediest returns the client with most connections of those with an idle one, or nil; of equals the longest idle. While
// many clients hurry, a request that has just come is idle for a moment, too: a client with few connections must not lose it
// to one with hundreds.
func (p *connectionPool) greediest() (greediest *clientConnections) {
	for _, client := range p.clients {
		if client.idle.Len() > 0 && (greediest == nil || client.total > greediest.total ||
			client.total == greediest.total && client.longestIdle().since.Before(greediest.longestIdle().since)) {
			greediest = client
		}
	}
	return greediest
}

// received counts what comes on an idle connection: part of a header. If there is too much of unfinished headers, the longest
// one of the client with most of them is closed.
func (p *connectionPool) received(connection *countedConnection, bytes int) {
	p.mutex.Lock()
	var victim *countedConnection
	if connection.place != nil {
		connection.unfinished += bytes
		p.clients[connection.client].unfinished += bytes
		p.unfinished += bytes
		if p.unfinished > p.limit*unfinishedPerConnection {
			victim = p.longestUnfinished()
			p.remove(victim)
		}
	}
	p.mutex.Unlock()
	if victim != nil {
		_ = victim.Conn.Close()
	}
}

func (p *connectionPool) longestUnfinished() (longest *countedConnection) {
	var most *clientConnections
	for _, client := range p.clients {
		if most == nil || client.unfinished > most.unfinished {
			most = client
		}
	}
	for place := most.idle.Front(); place != nil; place = place.Next() {
		if candidate := place.Value.(*countedConnection); longest == nil || candidate.unfinished > longest.unfinished {
			longest = candidate
		}
	}
	return longest
}

// changed is told by the server. A connection is idle until the header of its first request has come, and between requests.
func (p *connectionPool) changed(connection net.Conn, state http.ConnState) {
	counted, ok := connection.(*countedConnection)
	for !ok {
		outer, wraps := connection.(interface{ NetConn() net.Conn })
		if !wraps {
			return
		}
		connection = outer.NetConn()
		counted, ok = connection.(*countedConnection)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if counted.left {
		return
	}
	switch state {
	case http.StateActive, http.StateHijacked:
		p.setBusy(counted)
	case http.StateIdle:
		p.setBusy(counted)
		p.setIdle(counted)
	}
}

func (p *connectionPool) leave(connection *countedConnection) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.remove(connection)
}

func (p *connectionPool) remove(connection *countedConnection) {
	if connection.left {
		return
	}
	p.setBusy(connection)
	connection.left = true
	own := p.clients[connection.client]
	own.total--
	p.total--
	if own.total == 0 {
		delete(p.clients, connection.client)
	}
}

func (p *connectionPool) setIdle(connection *countedConnection) {
	connection.since = time.Now()
	connection.busy.Store(false)
	connection.place = p.clients[connection.client].idle.PushBack(connection)
}

func (p *connectionPool) setBusy(connection *countedConnection) {
	if connection.place == nil {
		return
	}
	p.clients[connection.client].idle.Remove(connection.place)
	connection.place = nil
	connection.busy.Store(true)
	p.clients[connection.client].unfinished -= connection.unfinished
	p.unfinished -= connection.unfinished
	connection.unfinished = 0
}

var (
	_ caddy.Provisioner     = (*Connections)(nil)
	_ caddy.Validator       = (*Connections)(nil)
	_ caddy.ListenerWrapper = (*Connections)(nil)
	_ caddyfile.Unmarshaler = (*Connections)(nil)
)
