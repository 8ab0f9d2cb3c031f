package gateway

import (
	"net/http"
	"net/netip"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// The client, for limits of the Caddyfile.
const clientVar = "mlflow.client"

// Client says in a variable who a request comes from: an address, or the network that one customer has.
type Client struct{}

func init() { caddy.RegisterModule(new(Client)) }

// CaddyModule tells Caddy about this module.
func (*Client) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_client", New: func() caddy.Module { return new(Client) }}
}

// UnmarshalCaddyfile reads
//
//	mlflow_client
func (*Client) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return readBlock(d, nil) }

func (*Client) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	setVar(r, clientVar, clientOf(r).String())
	return next.ServeHTTP(w, r)
}

// clientKey is a client's address; of IPv6 the network that one customer has.
type clientKey [16]byte

func clientKeyOf(address string) clientKey {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		// no address at all, for instance a Unix socket: all such clients are one.
		return clientKey{}
	}
	parsed = parsed.Unmap().WithZone("")
	if parsed.Is6() {
		parsed = netip.PrefixFrom(parsed, 64).Masked().Addr()
	}
	return parsed.As16()
}

func (k clientKey) String() string { return netip.AddrFrom16(k).Unmap().String() }

func clientOf(r *http.Request) clientKey {
	address, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return clientKeyOf(address)
}

var _ caddyhttp.MiddlewareHandler = (*Client)(nil)
