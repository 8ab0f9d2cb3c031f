package gateway

// With this line a client that knows HTTP/2 begins a connection without TLS (h2c). No request of HTTP/1 begins in this way, and
// no TLS.
const prefaceHTTP2 = "PRI * HTTP/2.0"

// prefaceReader knows whether a connection begins with HTTP/2 before TLS. With `protocols h1 h2` Caddy answers HTTP/2 without TLS,
// too, to which not all options of the server apply. With `protocols h1` it would hide the connections from the pool.
type prefaceReader struct {
	// How much of the preface has come, and whether it was something else.
	come  int
	begun bool
}

// completes tells whether a connection that goes on like this has the whole preface.
func (r *prefaceReader) completes(text []byte) bool {
	for i := 0; i < len(text) && !r.begun; i++ {
		r.begun = text[i] != prefaceHTTP2[r.come]
		r.come++
		if !r.begun && r.come == len(prefaceHTTP2) {
			return true
		}
	}
	return false
}
