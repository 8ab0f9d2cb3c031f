package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// twoPackets answers on kept connections like uvicorn without uvloop: the header first, then the body, with Nagle's
// algorithm on.
func twoPackets(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_ = connection.(*net.TCPConn).SetNoDelay(false)
				request := make([]byte, 64<<10)
				for {
					if _, err := connection.Read(request); err != nil {
						return
					}
					_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
					_, _ = io.WriteString(connection, "ok")
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

// timeOf measures requests one after the other on one connection.
func timeOf(t *testing.T, transport http.RoundTripper, url string, requests int) time.Duration {
	t.Helper()
	begin := time.Now()
	for range requests {
		request, _ := http.NewRequest(http.MethodGet, url, nil)
		answer, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(body) != "ok" {
			t.Fatalf("%q, %v", body, err)
		}
	}
	return time.Since(begin)
}

func TestAnswersInTwoPacketsDoNotWait(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can be told to acknowledge")
	}
	url := twoPackets(t)
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	own, caddys := new(Transport), new(reverseproxy.HTTPTransport)
	for _, transport := range []interface {
		caddyfile.Unmarshaler
		caddy.Provisioner
	}{own, caddys} {
		if err := transport.UnmarshalCaddyfile(caddyfile.NewTestDispenser("mlflow {\n keepalive 4s\n}")); err != nil {
			t.Fatal(err)
		}
		if err := transport.Provision(ctx); err != nil {
			t.Fatal(err)
		}
	}

	// A request takes 40 ms with the delay, and less than 1 ms without.
	const requests = 20
	if waited, prompt := timeOf(t, caddys, url, requests), timeOf(t, own, url, requests); prompt > waited/4 {
		t.Errorf("%v, and %v without the acknowledgement", prompt, waited)
	}
}
