package gateway

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Browsers send some twenty, and proxies before the gateway some ten more. Apache takes as many.
const maxHeaderLines = 100

// HeaderLines refuses a request with too many lines in its header. Each takes much more memory than its length, also while the
// request waits, and the server limits the length only.
type HeaderLines struct{}

func init() { caddy.RegisterModule(new(HeaderLines)) }

// CaddyModule tells Caddy about this module.
func (*HeaderLines) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_header_lines", New: func() caddy.Module { return new(HeaderLines) }}
}

// UnmarshalCaddyfile reads
//
//	mlflow_header_lines
func (*HeaderLines) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return readBlock(d, nil) }

func (*HeaderLines) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	lines := 0
	for _, values := range r.Header {
		lines += len(values)
	}
	if lines > maxHeaderLines {
		// The server keeps the request while it closes the connection.
		clear(r.Header)
		return refuse(r, http.StatusRequestHeaderFieldsTooLarge, "BAD_REQUEST", "The header has too many lines.")
	}
	return next.ServeHTTP(w, r)
}

var _ caddyhttp.MiddlewareHandler = (*HeaderLines)(nil)
