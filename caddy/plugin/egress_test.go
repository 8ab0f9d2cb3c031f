package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/net/dns/dnsmessage"
)

// names is a DNS server. It answers each query with the next list of addresses that a test gives it.
type names struct {
	mutex   sync.Mutex
	answers map[string][][]string
}

func (n *names) next(name string) []string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	answers := n.answers[name]
	if len(answers) == 0 {
		return nil
	}
	if len(answers) > 1 {
		n.answers[name] = answers[1:]
	}
	return answers[0]
}

// resolver returns a resolver that uses this server only.
func (n *names) resolver(t testing.TB) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		packet := make([]byte, 1500)
		for {
			size, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(n.answer(packet[:size]), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func (n *names) answer(question []byte) []byte {
	var message dnsmessage.Message
	if err := message.Unpack(question); err != nil || len(message.Questions) != 1 {
		return nil
	}
	asked := message.Questions[0]
	message.Response = true
	message.Additionals = nil
	name := strings.TrimSuffix(asked.Name.String(), ".")
	for _, text := range n.next(fmt.Sprintf("%s %s", name, strings.TrimPrefix(asked.Type.String(), "Type"))) {
		header := dnsmessage.ResourceHeader{Name: asked.Name, Class: asked.Class, Type: asked.Type}
		if address := netip.MustParseAddr(text); address.Is4() {
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
		} else {
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
		}
	}
	packed, _ := message.Pack()
	return packed
}

// egressOf starts an Egress on free ports of this machine, and returns the address that listens for each port.
func egressOf(t testing.TB, e *Egress, answers map[string][][]string) (map[string]string, *observer.ObservedLogs) {
	t.Helper()
	e.resolver = (&names{answers: answers}).resolver(t)
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	if err := e.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.DebugLevel)
	e.logger = zap.New(core)
	listeners := map[string]string{}
	e.proxy.ListenFunc = func(network, address string) (net.Listener, error) {
		listener, err := listenWithHelloTimeout(network, "127.0.0.1:0")
		listeners[strings.TrimPrefix(address, ":")] = listener.Addr().String()
		return listener, err
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Stop() })
	return listeners, logs
}

// privateServer starts a TLS server at an address of this machine other than loopback.
func privateServer(t testing.TB, handler http.HandlerFunc) (server *httptest.Server, address, port string) {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range addresses {
		prefix, err := netip.ParsePrefix(one.String())
		if err != nil || !prefix.Addr().Is4() || !prefix.Addr().IsPrivate() {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(prefix.Addr().String(), "0"))
		if err != nil {
			continue
		}
		server = httptest.NewUnstartedServer(handler)
		_ = server.Listener.Close()
		server.Listener = listener
		server.StartTLS()
		t.Cleanup(server.Close)
		_, port, _ = net.SplitHostPort(listener.Addr().String())
		return server, prefix.Addr().String(), port
	}
	t.Fatal("this machine has no private IPv4 address; a Docker engine gives it one")
	return nil, "", ""
}

func dialTLS(address, name string) (*tls.Conn, error) {
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil
}

func TestEgressPassesOnUnopened(t *testing.T) {
	goOn := make(chan struct{})
	server, address, port := privateServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-goOn
		_, _ = io.WriteString(w, "second\n")
	})
	listeners, logs := egressOf(t, &Egress{
		Hosts:        []string{"llm.example.test:" + port},
		PrivateHosts: []string{"llm.example.test=" + address + "/32"},
	}, map[string][][]string{"llm.example.test A": {{address}}})

	conn, err := dialTLS(listeners[port], "LLM.example.test")
	if err != nil {
		t.Fatal(err)
	}
	if !conn.ConnectionState().PeerCertificates[0].Equal(server.Certificate()) {
		t.Error("the certificate is not the host's own")
	}
	_, _ = io.WriteString(conn, "GET /secret/path HTTP/1.1\r\nHost: llm.example.test\r\nConnection: close\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body := bufio.NewReader(answer.Body)
	if line, err := body.ReadString('\n'); line != "first\n" {
		t.Fatalf("the beginning of a stream came as %q, %v, before its end", line, err)
	}
	close(goOn)
	if line, err := body.ReadString('\n'); line != "second\n" {
		t.Fatalf("the end of a stream came as %q, %v", line, err)
	}
	_ = conn.Close()

	entry := waitForEntry(t, logs)
	if keys := fieldsOf(entry); !slices.Equal(keys, []string{"duration", "host", "port"}) {
		t.Errorf("the log has %v", keys)
	}
	if text, _ := json.Marshal(entry.ContextMap()); entry.Message != "passed on" || strings.Contains(string(text), "secret") || strings.Contains(string(text), address) {
		t.Errorf("the log says %q %s", entry.Message, text)
	}
}

func TestEgressRefusesAddresses(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.17.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
		"::1", "::", "fe80::1", "fd00::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
		"2001:db8::1", "ff02::1",
	} {
		t.Run(address, func(t *testing.T) {
			kind := "A"
			if strings.Contains(address, ":") {
				kind = "AAAA"
			}
			listeners, logs := egressOf(t,
				&Egress{Hosts: []string{"hooks.example.test:443"}},
				map[string][][]string{"hooks.example.test " + kind: {{address}}})
			conn, err := dialTLS(listeners["443"], "hooks.example.test")
			if err == nil {
				_ = conn.Close()
				t.Fatal("is connected")
			}
			if !strings.Contains(err.Error(), "access denied") {
				t.Errorf("the client is told %v", err)
			}
			entry := waitForEntry(t, logs)
			if text, _ := json.Marshal(entry.ContextMap()); entry.Message != "refused" || strings.Contains(string(text), address) {
				t.Errorf("the log says %q %s", entry.Message, text)
			}
		})
	}
}

func TestEgressChecksTheAddressThatIsDialled(t *testing.T) {
	var address, port string
	var loopback net.Listener
	for tries := 0; loopback == nil; tries++ {
		_, address, port = privateServer(t, func(http.ResponseWriter, *http.Request) {})
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err == nil {
			loopback = listener
		} else if tries == 20 {
			t.Fatalf("no port is free at both addresses: %v", err)
		}
	}
	reached := make(chan struct{}, 1)
	go func() {
		if conn, err := loopback.Accept(); err == nil {
			_ = conn.Close()
			reached <- struct{}{}
		}
	}()
	t.Cleanup(func() { _ = loopback.Close() })

	listeners, _ := egressOf(t, &Egress{
		Hosts:        []string{"turns.example.test:" + port, "both.example.test:" + port},
		PrivateHosts: []string{"turns.example.test=" + address + "/32", "both.example.test=" + address + "/32"},
	}, map[string][][]string{
		"turns.example.test A": {{address}, {"127.0.0.1"}},
		"both.example.test A":  {{"127.0.0.1", address}},
	})
	for _, step := range []struct {
		name   string
		passes bool
	}{{"turns.example.test", true}, {"turns.example.test", false}, {"turns.example.test", false}, {"both.example.test", true}} {
		conn, err := dialTLS(listeners[port], step.name)
		if (err == nil) != step.passes {
			t.Errorf("%s: %v", step.name, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	select {
	case <-reached:
		t.Error("the machine itself was reached")
	default:
	}
}

func TestEgressRefusesNames(t *testing.T) {
	listeners, _ := egressOf(t, &Egress{Hosts: []string{"api.example.test:443", "hooks.example.test:8443"}}, nil)
	for name, told := range map[string]string{
		"other.example.test":      "unrecognized name",
		"hooks.example.test":      "unrecognized name",
		"api.example.test.evil.x": "unrecognized name",
		"sub.api.example.test":    "unrecognized name",
		"localhost":               "unrecognized name",
		"api.example.test":        "internal error",
	} {
		conn, err := dialTLS(listeners["443"], name)
		if err == nil {
			_ = conn.Close()
			t.Errorf("%s is connected", name)
		} else if !strings.Contains(err.Error(), told) {
			t.Errorf("%s: the client is told %v", name, err)
		}
	}
	// Numeric names, which TLS clients do not send, and connections without TLS.
	for _, name := range []string{"127.0.0.1", "[::1]", "2130706433", "0x7f000001", "017700000001"} {
		if conn, err := dialTLS(listeners["443"], name); err == nil {
			_ = conn.Close()
			t.Errorf("%s is connected", name)
		}
	}
	for _, request := range []string{"GET / HTTP/1.1\r\nHost: api.example.test\r\n\r\n", "CONNECT api.example.test:443 HTTP/1.1\r\n\r\n", "\x05\x01\x00"} {
		conn, err := net.Dial("tcp", listeners["443"])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, request)
		_ = conn.(*net.TCPConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if answer, err := io.ReadAll(conn); len(answer) > 0 {
			t.Errorf("%q is answered with %q, %v", request, answer, err)
		}
		_ = conn.Close()
	}
}

// greeter starts a server that speaks first, without TLS, at an address of this machine other than loopback.
func greeter(t testing.TB) (address, port string) {
	t.Helper()
	_, address, _ = privateServer(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ = net.SplitHostPort(serve(t, address, func(connection net.Conn) { _, _ = io.WriteString(connection, "ready") }))
	return address, port
}

func TestEgressPassesOnToStores(t *testing.T) {
	server, address, tlsPort := privateServer(t, func(http.ResponseWriter, *http.Request) {})
	_, tcpPort := greeter(t)
	listeners, logs := egressOf(t, &Egress{
		TLSStores: []string{"s3.example.test:" + tlsPort},
		TCPStores: []string{"db:" + tcpPort},
	}, map[string][][]string{"s3.example.test A": {{address}}, "db A": {{address}}})

	conn, err := dialTLS(listeners[tlsPort], "s3.example.test")
	if err != nil {
		t.Fatal(err)
	}
	if !conn.ConnectionState().PeerCertificates[0].Equal(server.Certificate()) {
		t.Error("the certificate is not the store's own")
	}
	_ = conn.Close()
	if conn, err := dialTLS(listeners[tlsPort], "other.example.test"); err == nil {
		_ = conn.Close()
		t.Error("a host that is no store is connected")
	}

	plain, err := net.Dial("tcp", listeners[tcpPort])
	if err != nil {
		t.Fatal(err)
	}
	_ = plain.SetDeadline(time.Now().Add(5 * time.Second))
	if said, err := io.ReadAll(plain); string(said) != "ready" {
		t.Errorf("the store said %q, %v", said, err)
	}
	_ = plain.Close()
	for deadline := time.Now().Add(5 * time.Second); logs.FilterField(zap.String("host", "db")).Len() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the log does not name the store")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestEgressNeverTakesThisMachineForAStore(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1"} {
		listeners, logs := egressOf(t, &Egress{
			TLSStores: []string{"s3.example.test:443"},
			TCPStores: []string{"db.example.test:5432"},
		}, map[string][][]string{"s3.example.test A": {{address}}, "db.example.test A": {{address}}})

		if _, err := dialTLS(listeners["443"], "s3.example.test"); err == nil || !strings.Contains(err.Error(), "access denied") {
			t.Errorf("%s by TLS: %v", address, err)
		}
		conn, err := net.Dial("tcp", listeners["5432"])
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		if said, err := io.ReadAll(conn); len(said) > 0 || err != nil {
			t.Errorf("%s: %q, %v", address, said, err)
		}
		_ = conn.Close()
		if entry := waitForEntry(t, logs); entry.Message != "refused" {
			t.Errorf("%s: the log says %q", address, entry.Message)
		}
	}
}

func TestEgressSettings(t *testing.T) {
	for text, complaint := range map[string]string{
		"hosts 127.0.0.1:443":                                        "is not a host name",
		"hosts [::1]:443":                                            "is not a host name",
		"hosts 0x7f.0.0.0x1:443":                                     "is not a host name",
		"hosts localhost:443":                                        "is not a host name",
		"hosts *.example.com:443":                                    "is not a host name",
		"hosts *:443":                                                "is not a host name",
		"hosts API.example.com:443":                                  "is not a host name",
		"hosts api.example.com":                                      "is not a host name with a port",
		"hosts api.example.com:0":                                    "is not a port",
		"hosts api.example.com:https":                                "is not a port",
		"private_hosts llm.example.com":                              "is not a host name with a range",
		"private_hosts llm.example.com=10.0.0.1":                     "is not a host name with a range",
		"private_hosts llm.example.com=0.0.0.0/0":                    "is ever connected to",
		"private_hosts llm.example.com=127.0.0.0/8":                  "is ever connected to",
		"private_hosts llm.example.com=169.254.169.254/32":           "is ever connected to",
		"private_hosts llm.example.com=::/0":                         "is ever connected to",
		"private_hosts llm.example.com=::ffff:127.0.0.1/128":         "is ever connected to",
		"private_hosts llm.example.com=fe80::/64":                    "is ever connected to",
		"tls_stores 10.0.0.1:443":                                    "is not a host name",
		"tcp_stores 10.0.0.1:5432":                                   "is not a host name",
		"tcp_stores 2130706433:5432":                                 "is not a host name",
		"tcp_stores localhost:5432":                                  "is not a host name",
		"tcp_stores db.example.com":                                  "is not a host name with a port",
		"tcp_stores db.example.com:80 other.example.com:80":          "needs its port to itself",
		"hosts db.example.com:80\ntcp_stores db.example.com:80":      "needs its port to itself",
		"tls_stores s3.example.com:80\ntcp_stores db.example.com:80": "needs its port to itself",
		"wildcards on":                                               "unknown setting",
	} {
		e := new(Egress)
		err := e.UnmarshalCaddyfile(caddyfile.NewTestDispenser("egress {\n" + text + "\n}"))
		if err == nil {
			ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
			err = e.Provision(ctx)
			cancel()
		}
		if err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEgressEntry(t *testing.T) {
	beyond := serve(t, "127.0.0.1", func(connection net.Conn) { _, _ = io.Copy(connection, connection) })
	_, port, _ := net.SplitHostPort(beyond)
	e := &EgressEntry{To: "127.0.0.1", Ports: []string{port}}
	if err := e.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	var address string
	e.proxy.ListenFunc = func(string, string) (net.Listener, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		address = listener.Addr().String()
		return listener, err
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Stop() })
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "there and back")
	_ = conn.(*net.TCPConn).CloseWrite()
	if answer, _ := io.ReadAll(conn); string(answer) != "there and back" {
		t.Errorf("came back: %q", answer)
	}
}

func TestEgressEntryRemembersWhereItGotThrough(t *testing.T) {
	listen := func(address string) net.Listener {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		return listener
	}
	first := listen("127.0.0.1:0")
	_, port, _ := net.SplitHostPort(first.Addr().String())
	second := listen("127.0.0.2:" + port)
	addresses := &names{answers: map[string][][]string{"beyond.example.test A": {{"127.0.0.1"}, {"127.0.0.2"}}}}
	dialer := &cachingDialer{dialer: net.Dialer{Resolver: addresses.resolver(t)}}
	reach := func() string {
		conn, err := dialer.DialContext(t.Context(), "tcp", "beyond.example.test:"+port)
		if err != nil {
			return err.Error()
		}
		_ = conn.Close()
		return conn.RemoteAddr().String()
	}
	for range 2 {
		if reached := reach(); reached != first.Addr().String() {
			t.Errorf("leads to %s", reached)
		}
	}
	_ = first.Close()
	for range 2 {
		if reached := reach(); reached != second.Addr().String() {
			t.Errorf("leads to %s after a change of the address", reached)
		}
	}
}

func TestEgressInACaddyfile(t *testing.T) {
	adapter := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}
	adapted, _, err := adapter.Adapt([]byte("{\n egress {\n hosts a.example.com:443 b.example.com:8443\n private_hosts\n }\n egress_entry {\n to beyond\n ports 443 8443\n }\n}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apps":{"egress":{"hosts":["a.example.com:443","b.example.com:8443"]},"egress_entry":{"to":"beyond","ports":["443","8443"]}}}`
	if string(adapted) != want {
		t.Errorf("is read as %s", adapted)
	}
}

func waitForEntry(t testing.TB, logs *observer.ObservedLogs) observer.LoggedEntry {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if entries := logs.All(); len(entries) > 0 {
			return entries[0]
		}
	}
	t.Fatal("nothing is logged")
	return observer.LoggedEntry{}
}

func fieldsOf(entry observer.LoggedEntry) []string {
	keys := []string{}
	for key := range entry.ContextMap() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
