package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// droppingUpstream answers like uvicorn: after an error that nobody catches it closes the connection without having said so.
func droppingUpstream(t *testing.T) string {
	t.Helper()
	address := serve(t, "127.0.0.1", func(connection net.Conn) {
		reader := bufio.NewReader(connection)
		for {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			body, err := io.ReadAll(request.Body)
			if err != nil {
				return
			}
			if request.URL.Path == "/fails" {
				_, _ = io.WriteString(connection, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
				// The next request comes before the end of the connection does.
				time.Sleep(time.Millisecond)
				return
			}
			_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	})
	return "http://" + address
}

func keptTransport(t testing.TB) *Transport {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	transport := new(Transport)
	if err := transport.UnmarshalCaddyfile(caddyfile.NewTestDispenser("mlflow {\n keepalive 4s\n}")); err != nil {
		t.Fatal(err)
	}
	if err := transport.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	return transport
}

func TestCallsThatFailBreakNoOthers(t *testing.T) {
	url, transport := droppingUpstream(t), keptTransport(t)
	post := func(path, body string) (int, string, error) {
		request, err := http.NewRequest(http.MethodPost, url+path, io.NopCloser(strings.NewReader(body)))
		if err != nil {
			return 0, "", err
		}
		// As from Caddy, the body can be read once.
		request.ContentLength, request.GetBody = int64(len(body)), nil
		answer, err := transport.RoundTrip(request)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text), err
	}

	const calls = 2000
	stop := make(chan struct{})
	var failing sync.WaitGroup
	for range 4 {
		failing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _, _ = post("/fails", "x")
				}
			}
		})
	}
	var working sync.WaitGroup
	failed := make(chan error, calls)
	for range 4 {
		working.Go(func() {
			for i := range calls / 4 {
				body := strings.Repeat(fmt.Sprint(i), 1+i%2000)
				if i%50 == 0 {
					body = strings.Repeat("large", keptOfBody)
				}
				if status, text, err := post("/works", body); err != nil || status != 200 || text != body {
					failed <- fmt.Errorf("call %d: %d %v, and %d of %d bytes arrived", i, status, err, len(text), len(body))
				}
			}
		})
	}
	working.Wait()
	close(stop)
	failing.Wait()
	close(failed)
	var first error
	count := 0
	for err := range failed {
		first, count = err, count+1
	}
	if count > 0 {
		t.Errorf("%d of %d calls are broken by others: %v", count, calls, first)
	}
}

func TestABodyIsReadAgainFromItsBeginning(t *testing.T) {
	body := &replayableBody{source: io.NopCloser(strings.NewReader("0123456789"))}
	for _, length := range []int{4, 2, 8} {
		reader, err := body.again()
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(reader, text); err != nil || string(text) != "0123456789"[:length] {
			t.Errorf("read %q, %v", text, err)
		}
		_ = reader.Close()
	}
	again, _ := body.again()
	if text, err := io.ReadAll(again); err != nil || string(text) != "0123456789" {
		t.Errorf("read %q, %v", text, err)
	}

	large := &replayableBody{source: io.NopCloser(zeros(keptOfBody + 1))}
	reader, _ := large.again()
	if n, err := io.Copy(io.Discard, reader); err != nil || n != keptOfBody+1 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if _, err := large.again(); err == nil || len(large.read) > 0 {
		t.Errorf("keeps %d bytes of a large body", len(large.read))
	}
}

func BenchmarkACallToTheUpstream(b *testing.B) {
	url := "http://" + echoing(b)
	transport := keptTransport(b)
	for name, trip := range map[string]http.RoundTripper{"mlflow": transport, "http": &transport.HTTPTransport} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				request, _ := http.NewRequest(http.MethodPost, url, io.NopCloser(strings.NewReader(`{"experiment_ids":["1"]}`)))
				request.ContentLength = 24
				answer, err := trip.RoundTrip(request)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
}

func echoing(b *testing.B) string {
	b.Helper()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}
