package gateway

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mortalUpstream dies of requests for /dies: the connection ends after it has read the whole request.
type mortalUpstream struct {
	deaths, resets atomic.Int32
	address        string
}

func startMortal(t *testing.T) *mortalUpstream {
	t.Helper()
	u := new(mortalUpstream)
	u.address = serve(t, "127.0.0.1", u.connected)
	return u
}

func (u *mortalUpstream) connected(connection net.Conn) {
	// Linux resets a connection whose bytes nobody has read.
	if u.resets.Add(-1) >= 0 {
		buffer := make([]byte, 1)
		_, _ = io.ReadFull(connection, buffer)
		return
	}
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		switch request.URL.Path {
		case "/dies":
			u.deaths.Add(1)
			return
		case "/dies-once":
			if u.deaths.Add(1) == 1 {
				return
			}
		case "/slow":
			time.Sleep(50 * time.Millisecond)
		}
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

func proxying(t *testing.T, upstream, keepalive string) string {
	t.Helper()
	return "http://127.0.0.1:" + runCaddy(t, `{`+quiet+`}
http://:%s {
	reverse_proxy `+upstream+` {
		lb_try_duration 3s
		lb_try_interval 20ms
		lb_retry_match {
			vars `+repeatVar+` yes
		}
		transport mlflow {
			keepalive `+keepalive+`
		}
	}
}`)
}

func statusOf(t *testing.T, method, url string) int {
	t.Helper()
	request, err := http.NewRequest(method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestARequestThatEndsItsUpstreamIsRepeatedOnce(t *testing.T) {
	for _, keepalive := range []string{"4s", "off"} {
		upstream := startMortal(t)
		url := proxying(t, upstream.address, keepalive)
		for method, times := range map[string]int32{"GET": maxTaken, "HEAD": maxTaken, "POST": 1} {
			t.Run(fmt.Sprint(method, " with keepalive ", keepalive), func(t *testing.T) {
				// Many connections are kept: Go tries one after another.
				var all sync.WaitGroup
				for range 8 {
					all.Go(func() { statusOf(t, "GET", url+"/slow") })
				}
				all.Wait()
				upstream.deaths.Store(0)
				began := time.Now()
				if status := statusOf(t, method, url+"/dies"); status != http.StatusBadGateway {
					t.Errorf("is answered %d", status)
				}
				if got := upstream.deaths.Load(); got != times {
					t.Errorf("the upstream ended %d times, not %d", got, times)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %s", took)
				}
				if status := statusOf(t, method, url+"/works"); status != http.StatusOK {
					t.Errorf("then all is answered %d", status)
				}
			})
		}
	}
}

func TestARequestThatEndsAnUpstreamWithTLSIsRepeatedOnce(t *testing.T) {
	var deaths atomic.Int32
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		deaths.Add(1)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(upstream.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: upstream.Certificate().Raw})
	url := proxying(t, upstream.URL, "4s\ntls_trust_pool file "+writeFile(t, "ca.pem", string(authority)))
	if status := statusOf(t, "GET", url+"/"); status != http.StatusBadGateway || deaths.Load() != maxTaken {
		t.Errorf("is answered %d, and the upstream ended %d times", status, deaths.Load())
	}
}

func TestARestartCostsNoGet(t *testing.T) {
	for _, keepalive := range []string{"4s", "off"} {
		t.Run("after the answering process died, with keepalive "+keepalive, func(t *testing.T) {
			upstream := startMortal(t)
			url := proxying(t, upstream.address, keepalive)
			statusOf(t, "GET", url+"/works")
			// Meanwhile the process that ends closes what waits for it.
			upstream.resets.Store(20)
			if status := statusOf(t, "GET", url+"/dies-once"); status != http.StatusOK {
				t.Errorf("is answered %d", status)
			}
			if left := upstream.resets.Load(); left >= 0 {
				t.Errorf("%d of the resets were not met", left+1)
			}
		})
	}

	t.Run("nor what comes before the upstream listens again", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		url := proxying(t, address, "4s")
		_ = listener.Close()
		answered := make(chan int, 2)
		for _, method := range []string{"GET", "POST"} {
			go func() { answered <- statusOf(t, method, url+"/works") }()
		}
		time.Sleep(700 * time.Millisecond)
		if listener, err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		upstream := new(mortalUpstream)
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				go upstream.connected(connection)
			}
		}()
		for range 2 {
			if status := <-answered; status != http.StatusOK {
				t.Errorf("is answered %d", status)
			}
		}
	})
}
