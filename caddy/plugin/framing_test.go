package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Go's server drops the length before any handler can see it. A request with both is read by its chunks, and is framed anew
// for MLflow. Its connection is closed like that of each request in chunks.
func TestALengthBesideChunksIsNotVisibleAndNotPassedOn(t *testing.T) {
	for name, lines := range map[string]string{
		"length first": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
		"chunks first": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var seen string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				seen = fmt.Sprintf("%d %v %q %s", r.ContentLength, r.TransferEncoding, r.Header["Content-Length"], body)
			}))
			defer server.Close()
			exchange(t, server.Listener.Addr().String(), "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"+lines+"\r\n5\r\nabcde\r\n0\r\n\r\n")
			if want := "-1 [chunked] [] abcde"; seen != want {
				t.Errorf("a handler sees %s, not %s: the gateway can refuse the request now", seen, want)
			}
		})
	}
}

func TestTheConnectionOfARequestInChunksIsClosed(t *testing.T) {
	address := strangersCaddy(t)
	login := "Authorization: " + basicHeader("ada", ada.password) + "\r\n"
	for name, test := range map[string]struct {
		lines, body string
		status      int
		closed      bool
	}{
		"with a length, for a user": {login + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", 200, true},
		"with a length, refused":    {"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "3\r\nabc\r\n0\r\n\r\n", 401, true},
		"without a length":          {login + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", 200, true},
		"not in chunks":             {login + "Content-Length: 3\r\n", "abc", 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
			hidden := "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"
			_, _ = io.WriteString(connection, "POST /version HTTP/1.1\r\nHost: a\r\n"+test.lines+"\r\n"+test.body+hidden)
			reader := bufio.NewReader(connection)
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			if response.StatusCode != test.status || response.Close != test.closed {
				t.Errorf("is answered %d, and says that the connection closes: %v", response.StatusCode, response.Close)
			}
			if next, err := http.ReadResponse(reader, nil); (err != nil) != test.closed {
				t.Errorf("what follows is answered %v", next)
			}
		})
	}
}
