package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// snippet returns a snippet of the deployed Caddyfile.
func snippet(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?ms)^\(` + name + `\) \{\n.*?^\}\n`).Find(text)
	if found == nil {
		t.Fatalf("the Caddyfile has no snippet %s", name)
	}
	return string(found)
}

// strangersCaddy runs a Caddy whose requests pass the snippet incoming, and then need a login except for /open.
func strangersCaddy(t *testing.T) (address string) {
	t.Helper()
	verified = newVerifiedPasswords()
	reading := httptest.NewServer(new(upstream))
	t.Cleanup(reading.Close)
	return "127.0.0.1:" + runCaddy(t, fmt.Sprintf(`{`+quiet+`}
%s
http://:%%s {
	route {
		import incoming
		respond /open ok
		handle /timed {
			mlflow_unread_body {
				timeout 300ms
			}
			reverse_proxy %s
		}
		mlflow_login {
			%s
			failures_per_address 1000
		}
		respond "for users"
	}
	handle_errors {
		respond refused {err.status_code}
	}
}`, snippet(t, "incoming"), reading.Listener.Addr(), writeUsers(t, ada)))
}

func TestAnAnswerDoesNotWaitForABodyThatNobodyReads(t *testing.T) {
	address := strangersCaddy(t)
	wrong := "Authorization: " + basicHeader("ada", "wrong") + "\r\n"
	for name, test := range map[string]struct {
		request string
		status  int
	}{
		"without a login":        {"POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 401},
		"of a large body":        {"POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n", 401},
		"of unknown length":      {"POST /version HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n", 401},
		"with a wrong password":  {"POST /version HTTP/1.1\r\nHost: a\r\n" + wrong + "Content-Length: 1000\r\n\r\n", 401},
		"that waits for 100":     {"POST /version HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n", 401},
		"in HTTP/1.0":            {"POST /version HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1000\r\n\r\n", 401},
		"of an open page":        {"POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 200},
		"with too many lines":    {"POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n" + strings.Repeat("a:\r\n", 101) + "\r\n", 431},
		"of an open page by GET": {"GET /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			began := time.Now()
			_, _ = io.WriteString(connection, test.request)
			// A byte now and then, which keeps timeouts of idle connections from ending it.
			stop := make(chan struct{})
			defer close(stop)
			go func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(200 * time.Millisecond):
						_, _ = connection.Write([]byte("x"))
					}
				}
			}()
			_ = connection.SetReadDeadline(began.Add(time.Second))
			reader := bufio.NewReader(connection)
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatalf("there is no answer: %v", err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			if response.StatusCode != test.status || !response.Close || response.ContentLength < 0 {
				t.Errorf("answered %d with the length %d, and says that the connection closes: %v", response.StatusCode, response.ContentLength, response.Close)
			}
			_ = connection.SetReadDeadline(began.Add(6 * time.Second))
			if _, err := reader.ReadByte(); err == nil || os.IsTimeout(err) {
				t.Errorf("the connection stays open after %v: %v", time.Since(began), err)
			}
		})
	}
}

func TestARefusedBodyThatHasComeKeepsItsConnection(t *testing.T) {
	address := strangersCaddy(t)
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	reader := bufio.NewReader(connection)
	login := "Authorization: " + basicHeader("ada", ada.password) + "\r\n"
	for i, request := range []struct {
		text   string
		status int
	}{
		{"POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000), 401},
		{"POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200},
		{"POST /timed HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200},
		{"GET /version HTTP/1.1\r\nHost: a\r\n" + login + "\r\n", 200},
	} {
		_, _ = io.WriteString(connection, request.text)
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatalf("request %d has no answer: %v", i, err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode != request.status {
			t.Errorf("request %d is answered %d", i, response.StatusCode)
		}
	}
}

func TestABodyThatAHandlerClosesLeavesAConnectionForTheNextRequest(t *testing.T) {
	// A proxy closes a body that it has not read when the upstream refuses the request by its header.
	for name, handle := range map[string]func(w http.ResponseWriter){
		"without an answer": func(http.ResponseWriter) {},
		"a short answer":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"a long answer":     func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 100_000)) },
		"a copied answer":   func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("copied")) },
		"a flushed answer":  func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = new(UnreadBody).ServeHTTP(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
					if r.Method == http.MethodPut {
						_ = r.Body.Close()
						handle(w)
						return nil
					}
					// What a proxy asks before it sends a request to its upstream.
					if r.Context().Err() != nil {
						w.WriteHeader(statusClientClosed)
					}
					return nil
				}))
			}))
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
			for i := range 300 {
				for method, body := range map[string]string{http.MethodPut: "forged", http.MethodGet: ""} {
					request, err := http.NewRequest(method, server.URL, strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					response, err := client.Do(request)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode == statusClientClosed || response.Close {
						t.Fatalf("%s %d is answered %d, and the connection closes: %v", method, i, response.StatusCode, response.Close)
					}
				}
			}
		})
	}
}

func TestAConnectionWhoseContextEndedIsClosed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = new(UnreadBody).ServeHTTP(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			if r.URL.Path == "/fail" {
				_ = http.NewResponseController(w).SetReadDeadline(time.Now())
				<-r.Context().Done()
			}
			return nil
		}))
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for i, request := range []struct {
		path   string
		closes bool
	}{{"/", false}, {"/fail", false}, {"/", true}, {"/", false}} {
		response, err := client.Get(server.URL + request.path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.Close != request.closes {
			t.Errorf("request %d: the connection closes: %v", i, response.Close)
		}
	}
}

func TestALateBodyIsNoRequestOfItsOwn(t *testing.T) {
	address := strangersCaddy(t)
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	hidden := "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"
	_, _ = io.WriteString(connection, fmt.Sprintf("POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", 2*len(hidden)))
	time.Sleep(time.Second)
	_, _ = io.WriteString(connection, hidden)
	time.Sleep(2 * time.Second)
	_, _ = io.WriteString(connection, hidden)
	text, _ := io.ReadAll(connection)
	if answers := strings.Count(string(text), "HTTP/1.1 "); answers != 1 {
		t.Errorf("there are %d answers: %q", answers, text)
	}
}

func TestABodyBeforeTheLoginHasATimeout(t *testing.T) {
	address := strangersCaddy(t)
	response, body := exchange(t, address, "POST /timed HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
	// Caddy's proxy answers 499, as for a client that has left, when it sees the end of the request first.
	if response == nil || response.StatusCode != 504 && response.StatusCode != 499 {
		t.Errorf("%v %s", response, body)
	}
}
