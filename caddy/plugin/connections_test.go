package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// quiet are global options for the Caddyfiles of tests.
const quiet = `
	admin off
	persist_config off
	auto_https off
	log default {
		output discard
	}
`

// runCaddy runs a whole Caddy. %s in the text becomes the port of 127.0.0.1 and 127.0.0.2 that it returns.
func runCaddy(t *testing.T, text string) (port string) {
	t.Helper()
	for {
		port = freePort(t)
		configuration, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(fmt.Sprintf(text, port)), nil)
		if err != nil {
			t.Fatalf("%v %v", err, warnings)
		}
		err = caddy.Load(configuration, true)
		// Another program may take the port before Caddy does.
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = caddy.Stop() })
		return port
	}
}

func freePort(t *testing.T) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// runLoggingCaddy runs a Caddy with a route and an access log, and returns its port and the log's file.
func runLoggingCaddy(t *testing.T, route string) (port, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "access.log")
	return runCaddy(t, `{`+quiet+`}
http://:%s {
	log {
		output file `+file+`
	}
	route {
		`+route+`
	}
}`), file
}

const limitedCaddy = `{` + quiet + `
	servers {
		listener_wrappers {
			mlflow_connections 20
			tls
		}
		max_header_size 64KB
	}
}
http://:%%s {
	respond /healthz ok
	reverse_proxy /slow %s
}`

// keptOpen asks /healthz on a connection that stays open.
func keptOpen(t *testing.T, from, port string) (net.Conn, error) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	connection, err := dialer.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection, ask(connection, "/healthz")
}

func ask(connection net.Conn, path string) error {
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return err
	}
	if _, err = io.Copy(io.Discard, response.Body); err == nil && response.StatusCode != 200 {
		err = fmt.Errorf("answered %d", response.StatusCode)
	}
	return err
}

// stillOpen tells whether the server has not closed a connection.
func stillOpen(connection net.Conn) bool {
	_ = connection.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	_, err := connection.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func countOpen(connections []net.Conn) (count int) {
	for _, connection := range connections {
		if stillOpen(connection) {
			count++
		}
	}
	return count
}

func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	port := runCaddy(t, fmt.Sprintf(limitedCaddy, "localhost:1"))
	var ofOne, silent []net.Conn
	for i := range 60 {
		connection, err := keptOpen(t, "127.0.0.1", port)
		if err != nil {
			t.Fatalf("connection %d of an address is not answered: %v", i, err)
		}
		ofOne = append(ofOne, connection)
	}
	if count := countOpen(ofOne); count != 10 {
		t.Errorf("one address has %d open connections, not half of the 20 of all", count)
	}
	if !stillOpen(ofOne[59]) {
		t.Error("the newest connection was closed, not the oldest")
	}
	// These send nothing.
	for range 60 {
		connection, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		silent = append(silent, connection)
	}
	if _, err := keptOpen(t, "127.0.0.1", port); err != nil {
		t.Errorf("the address itself is no longer answered: %v", err)
	}
	if count := countOpen(append(silent, ofOne...)); count > 10 {
		t.Errorf("one address has %d open connections", count)
	}

	// Many addresses fill the places of all.
	for i := range 60 {
		if _, err := keptOpen(t, fmt.Sprintf("127.0.1.%d", i+1), port); err != nil {
			t.Fatalf("address %d is not answered: %v", i, err)
		}
	}
	openConnections.mutex.Lock()
	defer openConnections.mutex.Unlock()
	if openConnections.total > 20 || len(openConnections.clients) > 20 {
		t.Errorf("%d connections are open, of %d addresses", openConnections.total, len(openConnections.clients))
	}
}

func TestAClientWithOneConnectionKeepsItWhileOthersOpenMany(t *testing.T) {
	port := runCaddy(t, fmt.Sprintf(limitedCaddy, "localhost:1"))
	// Nothing was sent on it yet, and it has been so for longest.
	modest, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer modest.Close()
	for i := range 60 {
		if _, err := keptOpen(t, fmt.Sprintf("127.0.2.%d", i%4+1), port); err != nil {
			t.Fatalf("connection %d is not answered: %v", i, err)
		}
	}
	if err := ask(modest, "/healthz"); err != nil {
		t.Errorf("a client with one connection lost it to clients with many: %v", err)
	}
}

func TestAConnectionWithARequestIsNotClosedForAnother(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 20)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		w.WriteHeader(http.StatusOK)
	}))
	defer slow.Close()
	port := runCaddy(t, fmt.Sprintf(limitedCaddy, slow.Listener.Addr()))

	answers := make(chan error, 10)
	for range 10 {
		connection, err := keptOpen(t, "127.0.0.1", port)
		if err != nil {
			t.Fatal(err)
		}
		go func() { answers <- ask(connection, "/slow") }()
		<-arrived
	}
	if _, err := keptOpen(t, "127.0.0.1", port); err == nil {
		t.Error("an address with requests on all its connections gets one more")
	}
	if _, err := keptOpen(t, "127.0.0.2", port); err != nil {
		t.Errorf("another address is refused: %v", err)
	}
	close(release)
	for range 10 {
		if err := <-answers; err != nil {
			t.Errorf("a request is broken off: %v", err)
		}
	}
	if _, err := keptOpen(t, "127.0.0.1", port); err != nil {
		t.Errorf("the address is refused although its requests have ended: %v", err)
	}
}

func TestAConnectionIsKnownInsideOfTLS(t *testing.T) {
	pool := newConnectionPool()
	inner, outer := net.Pipe()
	defer outer.Close()
	counted := &countedConnection{Conn: inner, pool: pool, client: alice}
	pool.admit(counted, 10)
	idle := pool.clients[alice].idle
	pool.changed(tls.Server(counted, &tls.Config{}), http.StateActive)
	if idle.Len() != 0 {
		t.Error("a connection with a request counts as idle")
	}
	pool.changed(tls.Server(counted, &tls.Config{}), http.StateIdle)
	if idle.Len() != 1 {
		t.Error("a connection without a request does not count as idle")
	}
	_ = counted.Close()
	_ = counted.Close()
	if pool.total != 0 || idle.Len() != 0 || len(pool.clients) != 0 {
		t.Errorf("remembers %v", pool)
	}
}

func TestUnfinishedHeadersTakeLittleMemory(t *testing.T) {
	port := runCaddy(t, fmt.Sprintf(limitedCaddy, "localhost:1"))
	// 8 KiB of short lines each. 20 connections may have 20 KiB together.
	part := "GET /healthz HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("abc:\r\n", 1360)
	var unfinished []net.Conn
	for i := range 9 {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(fmt.Sprintf("127.0.3.%d", i%3+1))}}
		connection, err := dialer.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_, _ = io.WriteString(connection, part)
		unfinished = append(unfinished, connection)
	}
	if _, err := keptOpen(t, "127.0.0.1", port); err != nil {
		t.Errorf("a whole header is not answered beside unfinished ones: %v", err)
	}
	if count := countOpen(unfinished); count > 2 {
		t.Errorf("%d connections have 8 KiB of an unfinished header each, which is more than 20 KiB", count)
	}
	openConnections.mutex.Lock()
	defer openConnections.mutex.Unlock()
	if openConnections.unfinished > 20<<10 {
		t.Errorf("the pool has %d bytes of unfinished headers", openConnections.unfinished)
	}
}

func TestAnotherClientsUnfinishedHeadersDoNotCloseALongerOne(t *testing.T) {
	port := runCaddy(t, fmt.Sprintf(limitedCaddy, "localhost:1"))
	begin := func(from string, lines int) net.Conn {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		connection, err := dialer.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		_, _ = io.WriteString(connection, "GET /healthz HTTP/1.1\r\nHost: a\r\n"+strings.Repeat("abc:\r\n", lines))
		return connection
	}
	// 4 KiB of one client beside more than 20 KiB of another one, in nine pieces.
	long := begin("127.0.4.1", 683)
	for range 9 {
		begin("127.0.4.2", 400)
	}
	_ = long.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(long, "\r\n")
	if response, err := http.ReadResponse(bufio.NewReader(long), nil); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("a client lost its connection because of another one's unfinished headers: %v", err)
	}
}

func TestAHeaderAsLongAsTheServerTakesIsAnswered(t *testing.T) {
	port := runCaddy(t, strings.Replace(fmt.Sprintf(limitedCaddy, "localhost:1"), "mlflow_connections 20", "mlflow_connections 2000", 1))
	connection, err := keptOpen(t, "127.0.0.1", port)
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if err := ask(connection, "/healthz?"+strings.Repeat("run_ids=0123456789abcdef&", 2400)); err != nil {
			t.Fatalf("an address of 60 KB is not answered: %v", err)
		}
	}
	openConnections.mutex.Lock()
	defer openConnections.mutex.Unlock()
	if openConnections.unfinished != 0 {
		t.Errorf("%d bytes of answered requests still count", openConnections.unfinished)
	}
}
