package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Go's server drops the length before any handler can see it. A request with both is read by its chunks, and is framed anew
// for MLflow. A proxy before the gateway has to read it in the same way, as RFC 9112 demands.
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
