package gateway

import (
	"bytes"
	"net/http"
	"os"
)

// gatewayKeyHeader has the key by which MLflow knows the gateway. MLflow answers no other request.
const gatewayKeyHeader = "X-Gateway-Key"

// newMLflowClient makes a client for the gateway's own requests to MLflow, with the key in the file. It opens a connection
// for each request, because MLflow may be about to close an idle one, and it follows no redirect.
func newMLflowClient(keyFile string) (*http.Client, error) {
	var transport http.RoundTripper = &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	if keyFile != "" {
		key, err := os.ReadFile(keyFile)
		if err != nil {
			return nil, err
		}
		transport = &keyTransport{RoundTripper: transport, key: string(bytes.TrimSpace(key))}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// keyTransport sets the key.
type keyTransport struct {
	http.RoundTripper
	key string
}

func (t *keyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(gatewayKeyHeader, t.key)
	return t.RoundTripper.RoundTrip(r)
}
