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
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"github.com/caddyserver/caddy/v2"
	"github.com/inetaf/tcpproxy"
	"go.uber.org/zap"
)

const (
	// How long a client may take to send its TLS ClientHello.
	egressHelloTimeout = 10 * time.Second
	// How long a host may take to accept the connection.
	egressDialTimeout = 10 * time.Second
)

var (
	hostName = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	// A store may have a name without a domain, which the engine's resolver completes.
	storeName = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	// Some resolvers read a name whose last label is numeric as an IPv4 address (0x7f.1).
	numericLabel = regexp.MustCompile(`(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$`)
	// Refused even inside of an allowed range: loopback, link-local, multicast, reserved, and cloud metadata.
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

// Egress is a proxy for TLS connections to listed hosts. It reads the host name in the ClientHello, and passes the
// connection on to that host when the list has it. It does not decrypt anything, so it holds no key and sees no path. It
// checks the host's address on the connection that it makes, so that a name whose address changes gains nothing.
//
// Stores are hosts, too, whose addresses may be private ones. A store that begins without TLS, such as PostgreSQL, has its
// port to itself: every connection to this port goes there, whatever it says.
type Egress struct {
	// Hosts that may be connected to, each a host name and a port
	Hosts []string `json:"hosts,omitempty"`
	// Private ranges in which a host's address may lie, each a host name, "=" and a range
	PrivateHosts []string `json:"private_hosts,omitempty"`
	// Stores that are connected to by TLS, each a host name and a port
	TLSStores []string `json:"tls_stores,omitempty"`
	// Stores that are connected to without a TLS ClientHello at the beginning, each a host name and a port
	TCPStores []string `json:"tcp_stores,omitempty"`

	resolver *net.Resolver
	logger   *zap.Logger
	proxy    tcpproxy.Proxy
	// By host and port.
	dialers map[string]*net.Dialer
}

// EgressEntry has the names of the hosts on the clients' network, and passes every connection on to the Egress. The Egress
// runs in another container, because on the clients' network it would find the EgressEntry under the hosts' names.
type EgressEntry struct {
	// Host of the Egress, without a port: the EgressEntry connects to the port that the client connected to
	To string `json:"to"`
	// Ports to listen on
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
	e.dialers = make(map[string]*net.Dialer, len(e.Hosts)+len(e.TLSStores)+len(e.TCPStores))
	tlsPorts := map[string]bool{}
	for _, text := range e.TLSStores {
		_, port, err := e.addStore(text)
		if err != nil {
			return err
		}
		tlsPorts[port] = true
	}
	for _, text := range e.Hosts {
		host, port, number, err := parseTarget(text)
		if err != nil {
			return err
		}
		if !hostName.MatchString(host) {
			return fmt.Errorf("egress: %q is not a host name in lower-case letters, with a domain", host)
		}
		address := net.JoinHostPort(host, port)
		if e.dialers[address] == nil {
			guard := ssrf.New(ssrf.WithPorts(number), ssrf.WithAllowedV4Prefixes(ranges[host]...), ssrf.WithAllowedV6Prefixes(ranges[host]...))
			e.dialers[address] = &net.Dialer{Control: guard.Safe, Resolver: e.resolver}
		}
		tlsPorts[port] = true
	}
	e.proxy.ListenFunc = listenWithHelloTimeout
	for port := range tlsPorts {
		e.proxy.AddSNIRouteFunc(":"+port, func(_ context.Context, name string) (tcpproxy.Target, bool) {
			return &egressConnection{egress: e, host: strings.ToLower(strings.TrimSuffix(name, ".")), port: port}, true
		})
		e.proxy.AddRoute(":"+port, &egressConnection{egress: e, port: port})
	}
	owners := map[string]string{}
	for _, text := range e.TCPStores {
		host, port, err := e.addStore(text)
		if err != nil {
			return err
		}
		if owner, taken := owners[port]; tlsPorts[port] || taken && owner != host {
			return fmt.Errorf("egress: %q: a store without TLS at the beginning needs its port to itself", text)
		}
		if owners[port] == "" {
			e.proxy.AddRoute(":"+port, &egressConnection{egress: e, host: host, port: port, isTCP: true})
		}
		owners[port] = host
	}
	return nil
}

func (e *Egress) addStore(text string) (host, port string, err error) {
	host, port, _, err = parseTarget(text)
	if err == nil {
		e.dialers[net.JoinHostPort(host, port)] = &net.Dialer{Control: refuseNever, Resolver: e.resolver}
	}
	return host, port, err
}

// refuseNever lets a store have any public or private address.
func refuseNever(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	for _, never := range neverPrivate {
		if never.Contains(target.Addr()) {
			return ssrf.ErrProhibitedIP
		}
	}
	return nil
}

func (e *Egress) privateRanges() (map[string][]netip.Prefix, error) {
	ranges := map[string][]netip.Prefix{}
	for _, text := range e.PrivateHosts {
		host, rangeText, _ := strings.Cut(text, "=")
		prefix, err := netip.ParsePrefix(rangeText)
		if err != nil {
			return nil, fmt.Errorf("egress: %q is not a host name with a range: %w", text, err)
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

// Start starts to listen.
func (e *Egress) Start() error { return e.proxy.Start() }

// Stop ends listening. Open connections go on until the process ends.
func (e *Egress) Stop() error { return e.proxy.Close() }

// Provision sets the ports up.
func (e *EgressEntry) Provision(caddy.Context) error {
	for _, port := range e.Ports {
		if _, err := parsePort(port); err != nil {
			return err
		}
		dialer := new(cachingDialer)
		e.proxy.AddRoute(":"+port, &tcpproxy.DialProxy{
			Addr:        net.JoinHostPort(e.To, port),
			DialTimeout: egressDialTimeout,
			DialContext: dialer.DialContext,
		})
	}
	return nil
}

// Start starts to listen.
func (e *EgressEntry) Start() error { return e.proxy.Start() }

// Stop ends listening. Open connections go on until the process ends.
func (e *EgressEntry) Stop() error { return e.proxy.Close() }

// cachingDialer looks a name up again only when its last address does not answer. A look-up takes longer than everything
// else here, and the Egress keeps its address for as long as it runs.
type cachingDialer struct {
	dialer net.Dialer
	last   atomic.Pointer[string]
}

// DialContext connects to the address that answered last, or else looks the name up.
func (d *cachingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
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

// egressConnection is a connection with its destination. host is empty when the client did not name one by TLS.
type egressConnection struct {
	egress     *Egress
	host, port string
	// The destination is that of the port.
	isTCP bool
}

// HandleConn passes the connection on or closes it, and logs which.
func (c *egressConnection) HandleConn(conn net.Conn) {
	dialer := c.egress.dialers[net.JoinHostPort(c.host, c.port)]
	if dialer == nil {
		c.refuse(conn, alertUnrecognizedName, "it is not in the list")
		return
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		log.Printf("egress: %v", err)
	}
	begin := time.Now()
	connected := true
	(&tcpproxy.DialProxy{
		Addr:        net.JoinHostPort(c.host, c.port),
		DialTimeout: egressDialTimeout,
		DialContext: dialer.DialContext,
		OnDialError: func(src net.Conn, err error) {
			connected = false
			c.refuse(src, alertFor(err), refusalReason(err))
		},
	}).HandleConn(conn)
	if connected {
		c.egress.logger.Info("passed on",
			zap.String("host", c.host), zap.String("port", c.port), zap.Duration("duration", time.Since(begin)))
	}
}

// TLS alerts for a refused connection, so that its client can tell a refusal from a host that is down.
const (
	alertAccessDenied     = 49
	alertUnrecognizedName = 112
	alertInternalError    = 80
)

func (c *egressConnection) refuse(conn net.Conn, alert byte, reason string) {
	c.egress.logger.Warn("refused", zap.String("host", c.host), zap.String("port", c.port), zap.String("reason", reason))
	if c.host != "" && !c.isTCP {
		// The connection is closed anyway, whether the alert is read or not.
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

// refusalReason leaves out the error and the address, because a private address must not be logged.
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
		return "", "", 0, fmt.Errorf("egress: %q is not a host name with a port: %w", text, err)
	}
	if len(host) > 253 || !storeName.MatchString(host) || numericLabel.MatchString(host) || host == "localhost" {
		return "", "", 0, fmt.Errorf("egress: %q is not a host name in lower-case letters", host)
	}
	number, err = parsePort(port)
	return host, port, number, err
}

func parsePort(text string) (uint16, error) {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("egress: %q is not a port", text)
	}
	return uint16(number), nil
}

// listenWithHelloTimeout limits the time that clients may take for their ClientHello.
func listenWithHelloTimeout(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address)
	return helloTimeoutListener{listener}, err
}

type helloTimeoutListener struct{ net.Listener }

func (l helloTimeoutListener) Accept() (net.Conn, error) {
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
