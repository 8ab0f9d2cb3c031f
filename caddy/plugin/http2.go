package gateway

import "io"

// With this line a client that knows HTTP/2 begins a connection without TLS (h2c). No request of HTTP/1 begins in this way, and
// no TLS.
const prefaceHTTP2 = "PRI * HTTP/2.0"

// Read ends a connection that begins with HTTP/2 before TLS. With `protocols h1 h2` Caddy answers HTTP/2 without TLS, too, to
// which not all options of the server apply. With `protocols h1` it would hide the connections from the pool.
func (c *countedConnection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for i := 0; i < n && !c.begun; i++ {
		c.begun = p[i] != prefaceHTTP2[c.preface]
		c.preface++
		if !c.begun && c.preface == len(prefaceHTTP2) {
			_ = c.Close()
			return 0, io.EOF
		}
	}
	if n > 0 && !c.busy.Load() {
		c.pool.received(c, n)
	}
	return n, err
}
