package gateway

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// plainCaddy is a site without TLS, with the protocols of the deployed Caddyfile.
const plainCaddy = `{` + quiet + `
	servers {
		listener_wrappers {
			mlflow_connections 20
			tls
		}
		protocols h1 h2
	}
}
http://:%s {
	respond ok
}`

// sendsInPieces sends bytes without a pause, or one after another, and returns all that is answered until the connection ends.
func sendsInPieces(t *testing.T, address, text string, pause time.Duration) string {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	size := len(text)
	if pause > 0 {
		size = 1
	}
	for ; text != ""; text = text[size:] {
		_, _ = io.WriteString(connection, text[:size])
		time.Sleep(pause)
	}
	answer, err := io.ReadAll(connection)
	if os.IsTimeout(err) {
		t.Errorf("the connection stays open")
	}
	return string(answer)
}

func TestHTTP2WithoutTLSIsRefused(t *testing.T) {
	address := "127.0.0.1:" + runCaddy(t, plainCaddy)
	// The preface of a client, and an empty frame of settings.
	hello := http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	for name, pause := range map[string]time.Duration{"at once": 0, "byte by byte": time.Millisecond} {
		if answer := sendsInPieces(t, address, hello, pause); answer != "" {
			t.Errorf("%s: is answered %q", name, answer)
		}
	}
}

func TestAnUpgradeToHTTP2IsNotMade(t *testing.T) {
	address := "127.0.0.1:" + runCaddy(t, plainCaddy)
	upgrade := "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
	answer := sendsInPieces(t, address, upgrade, 0)
	if !strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(answer, "\r\n\r\nok") {
		t.Errorf("is answered %q", answer)
	}
}

func TestARequestThatBeginsLikeHTTP2IsAnswered(t *testing.T) {
	address := "127.0.0.1:" + runCaddy(t, plainCaddy)
	for _, method := range []string{"P", "PR", "PRINT", "PUT", "GET"} {
		answer := sendsInPieces(t, address, method+" / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", time.Millisecond)
		if !strings.HasPrefix(answer, "HTTP/1.1 200 OK\r\n") {
			t.Errorf("%s is answered %q", method, answer)
		}
	}
}
