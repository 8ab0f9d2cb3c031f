package gateway

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"code.dny.dev/ssrf"
	"github.com/caddyserver/caddy/v2"
	"github.com/inetaf/tcpproxy"
	"go.uber.org/zap"
)

// How long a client may take to say where it wants to, and a host to take the connection.
const (
	egressHelloTimeout = 10 * time.Second
	egressDialTimeout  = 10 * time.Second
)

var (
	hostName = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	// such a last label makes a number of the whole, for those who take an address in any form.
	numericLabel = regexp.MustCompile(`\.(?:[0-9]+|0x[0-9a-f]*)$`)
	// never reached, whatever range is named for a host: the machine itself, what lies on its wire, and metadata services.
	neverPrivate = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("224.0.0.0/3"),
		netip.MustParsePrefix("::/8"),
		netip.MustParsePrefix("64:ff9b::/16"),
		netip.MustParsePrefix("fd00:ec2::/32"),
		netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("ff00::/8"),
	}
)

// Egress is the way out: it takes TLS connections, and passes them on to the host that their first message names, when
// that one is in the list. It never opens them, so that it holds no key and sees no path. Which address a name has is
// checked on the connection that is made, so that a name which changes its address gains nothing.
type Egress struct {
	// What may be connected to, each a host name and a port
	Hosts []string `json:"hosts,omitempty"`
	// Ranges besides the public ones in which a host's address may lie, each a host name, "=" and a range
	PrivateHosts []string `json:"private_hosts,omitempty"`

	resolver *net.Resolver
	logger   *zap.Logger
	proxy    tcpproxy.Proxy
	// by host and port.
	dialers map[string]*net.Dialer
}

// EgressEntry stands where clients look for the hosts by name, and passes every connection on to the Egress. The two are
// apart because whoever is on the clients' network finds the entry under the hosts' names, and could not look them up.
type EgressEntry struct {
	// The Egress, without a port: it is asked at the one that the client asked for
	To string `json:"to"`
	// What to listen on
	Ports []string `json:"ports"`

	proxy tcpproxy.Proxy
}

func init() {
	caddy.RegisterModule(new(Egress))
	caddy.RegisterModule(new(EgressEntry))
}

// CaddyModule tells Caddy about this module.
func (*Egress) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "egress", New: func() caddy.Module { return new(Egress) }}
}

// CaddyModule tells Caddy about this module.
func (*EgressEntry) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "egress_entry", New: func() caddy.Module { return new(EgressEntry) }}
}

// Provision reads the lists.
func (e *Egress) Provision(ctx caddy.Context) error {
	e.logger = ctx.Logger()
	ranges, err := e.privateRanges()
	if err != nil {
		return err
	}
	e.dialers = make(map[string]*net.Dialer, len(e.Hosts))
	ports := map[string]bool{}
	for _, text := range e.Hosts {
		host, port, number, err := parseTarget(text)
		if err != nil {
			return err
		}
		guard := ssrf.New(ssrf.WithPorts(number), ssrf.WithAllowedV4Prefixes(ranges[host]...), ssrf.WithAllowedV6Prefixes(ranges[host]...))
		e.dialers[net.JoinHostPort(host, port)] = &net.Dialer{Control: guard.Safe, Resolver: e.resolver}
		ports[port] = true
	}
	e.proxy.ListenFunc = listenImpatiently
	for port := range ports {
		e.proxy.AddSNIRouteFunc(":"+port, func(_ context.Context, name string) (tcpproxy.Target, bool) {
			return &passage{egress: e, host: strings.ToLower(strings.TrimSuffix(name, ".")), port: port}, true
		})
		e.proxy.AddRoute(":"+port, &passage{egress: e, port: port})
	}
	return nil
}

func (e *Egress) privateRanges() (map[string][]netip.Prefix, error) {
	ranges := map[string][]netip.Prefix{}
	for _, text := range e.PrivateHosts {
		host, rangeText, _ := strings.Cut(text, "=")
		prefix, err := netip.ParsePrefix(rangeText)
		if err != nil {
			return nil, fmt.Errorf("egress: %q is no host name with a range: %w", text, err)
		}
		for _, never := range neverPrivate {
			if never.Overlaps(prefix) {
				return nil, fmt.Errorf("egress: %q: nothing in %s is ever connected to", text, never)
			}
		}
		ranges[host] = append(ranges[host], prefix)
	}
	return ranges, nil
}

// Start listens.
func (e *Egress) Start() error { return e.proxy.Start() }

// Stop does not listen any more; connections go on until the process ends.
func (e *Egress) Stop() error { return e.proxy.Close() }

// Provision sets up the ports.
func (e *EgressEntry) Provision(caddy.Context) error {
	for _, port := range e.Ports {
		if _, err := parsePort(port); err != nil {
			return err
		}
		dialer := new(rememberingDialer)
		e.proxy.AddRoute(":"+port, &tcpproxy.DialProxy{
			Addr:        net.JoinHostPort(e.To, port),
			DialTimeout: egressDialTimeout,
			DialContext: dialer.DialContext,
		})
	}
	return nil
}

// Start listens.
func (e *EgressEntry) Start() error { return e.proxy.Start() }

// Stop does not listen any more; connections go on until the process ends.
func (e *EgressEntry) Stop() error { return e.proxy.Close() }

// rememberingDialer asks for an address anew only when the last one does not answer: a look-up takes longer than all else
// here, and the other end keeps its address for as long as it runs.
type rememberingDialer struct {
	dialer net.Dialer
	last   atomic.Pointer[string]
}

// DialContext connects to the address that answered last, else to where the name leads.
func (d *rememberingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if last := d.last.Load(); last != nil {
		quick, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if conn, err := d.dialer.DialContext(quick, network, *last); err == nil {
			return conn, nil
		}
	}
	conn, err := d.dialer.DialContext(ctx, network, address)
	if err == nil {
		remote := conn.RemoteAddr().String()
		d.last.Store(&remote)
	}
	return conn, err
}

// passage is one connection: where its client wants to, or nothing where it did not say so by TLS.
type passage struct {
	egress     *Egress
	host, port string
}

// HandleConn passes the connection on or closes it, and logs which.
func (p *passage) HandleConn(conn net.Conn) {
	dialer := p.egress.dialers[net.JoinHostPort(p.host, p.port)]
	if dialer == nil {
		p.refuse(conn, alertUnrecognizedName, "it is not in the list")
		return
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		log.Printf("egress: %v", err)
	}
	begin := time.Now()
	connected := true
	(&tcpproxy.DialProxy{
		Addr:        net.JoinHostPort(p.host, p.port),
		DialTimeout: egressDialTimeout,
		DialContext: dialer.DialContext,
		OnDialError: func(src net.Conn, err error) {
			connected = false
			p.refuse(src, alertFor(err), refusalReason(err))
		},
	}).HandleConn(conn)
	if connected {
		p.egress.logger.Info("passed on",
			zap.String("host", p.host), zap.String("port", p.port), zap.Duration("duration", time.Since(begin)))
	}
}

// What TLS says to a client whose connection is not passed on, so that it can tell that from a host that is down.
const (
	alertAccessDenied     = 49
	alertUnrecognizedName = 112
	alertInternalError    = 80
)

func (p *passage) refuse(conn net.Conn, alert byte, reason string) {
	p.egress.logger.Warn("refused", zap.String("host", p.host), zap.String("port", p.port), zap.String("reason", reason))
	if p.host != "" {
		// whether it is read makes no difference.
		_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, alert})
	}
	_ = conn.Close()
}

func alertFor(err error) byte {
	if errors.Is(err, ssrf.ErrProhibitedIP) {
		return alertAccessDenied
	}
	return alertInternalError
}

// neither the error nor the address is logged: what is private stays so.
func refusalReason(err error) string {
	var unknown *net.DNSError
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP):
		return "its address is not a public one, nor in a range that is named for it"
	case errors.As(err, &unknown):
		return "its name has no address"
	default:
		return "it does not take the connection"
	}
}

func parseTarget(text string) (host, port string, number uint16, err error) {
	host, port, err = net.SplitHostPort(text)
	if err != nil {
		return "", "", 0, fmt.Errorf("egress: %q is no host name with a port: %w", text, err)
	}
	if len(host) > 253 || !hostName.MatchString(host) || numericLabel.MatchString(host) {
		return "", "", 0, fmt.Errorf("egress: %q is no host name in small letters", host)
	}
	number, err = parsePort(port)
	return host, port, number, err
}

func parsePort(text string) (uint16, error) {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("egress: %q is no port", text)
	}
	return uint16(number), nil
}

// listenImpatiently gives clients a time in which they have to say where they want to.
func listenImpatiently(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address)
	return impatientListener{listener}, err
}

type impatientListener struct{ net.Listener }

func (l impatientListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.SetReadDeadline(time.Now().Add(egressHelloTimeout))
	}
	return conn, err
}

var (
	_ caddy.App         = (*Egress)(nil)
	_ caddy.App         = (*EgressEntry)(nil)
	_ caddy.Provisioner = (*Egress)(nil)
	_ caddy.Provisioner = (*EgressEntry)(nil)
)
