package gateway

import (
	"net/http"
	"net/netip"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// The client, for rate limits in the Caddyfile.
const clientVar = "mlflow.client"

// Client sets a variable to the client of a request: an IPv4 address, or a /64 of IPv6, which one customer has. A user whose
// password was verified is a client of their own, because if the engine hides the addresses of clients all have the same.
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
	client := clientOf(r).String()
	if name := verified.userOf(r.Header.Values("Authorization")); name != "" {
		client = name + " " + client
	}
	setVar(r, clientVar, client)
	return next.ServeHTTP(w, r)
}

// clientKey is a client's IPv4 address, or its /64 of IPv6.
type clientKey [16]byte

func clientKeyOf(address string) clientKey {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		// Clients without an address, for instance at a Unix socket, count as one.
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
