package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
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
	address := serve(t, "127.0.0.1", func(connection net.Conn) {
		_ = connection.(*net.TCPConn).SetNoDelay(false)
		request := make([]byte, 64<<10)
		for {
			if _, err := connection.Read(request); err != nil {
				return
			}
			_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
			_, _ = io.WriteString(connection, "ok")
		}
	})
	return "http://" + address + "/"
}

// typicalTime is the median of the times of requests one after the other on one connection.
func typicalTime(t *testing.T, transport http.RoundTripper, url string) time.Duration {
	t.Helper()
	times := make([]time.Duration, 21)
	for i := range times {
		begin := time.Now()
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
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func TestAnswersInTwoPacketsDoNotWait(t *testing.T) {
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

	// Linux delays an acknowledgement by 40 ms at least. A busy machine delays a request or two, hence the median.
	if waited := typicalTime(t, caddys, url); waited < 38*time.Millisecond {
		t.Errorf("without the acknowledgement a request takes %v: this kernel delays none, and the test shows nothing", waited)
	}
	if prompt := typicalTime(t, own, url); prompt > 20*time.Millisecond {
		t.Errorf("a request takes %v", prompt)
	}
}
