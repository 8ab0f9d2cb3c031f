package gateway

import (
	"crypto/tls"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPagesOfOtherOriginsChangeNothing(t *testing.T) {
	login := loginWith(t, "origin https://mlflow.example.com", ada)
	cases := []struct {
		name    string
		refused bool
		options []requestOption
	}{
		{"a program", false, nil},
		{"MLflow's own page", false, []requestOption{with("Origin", "http://gateway:8080"), with("Sec-Fetch-Site", "same-origin")}},
		{"its page behind a proxy that changes Host", false, []requestOption{with("Origin", "https://mlflow.example.com")}},
		{"its page in other case", false, []requestOption{with("Origin", "http://Gateway:8080")}},
		{"a person", false, []requestOption{with("Sec-Fetch-Site", "none")}},
		{"another port", true, []requestOption{with("Origin", "http://gateway:3000"), with("Sec-Fetch-Site", "same-site")}},
		{"another port, of an old browser", true, []requestOption{with("Origin", "http://gateway:3000")}},
		{"no port", true, []requestOption{with("Origin", "http://gateway")}},
		{"another host", true, []requestOption{with("Origin", "https://evil.example")}},
		{"a host below", true, []requestOption{with("Origin", "https://a.mlflow.example.com")}},
		{"a host with its name in front", true, []requestOption{with("Origin", "https://mlflow.example.com.evil.example")}},
		{"its name as a user", true, []requestOption{with("Origin", "http://gateway:8080@evil.example")}},
		{"its name with a path", true, []requestOption{with("Origin", "http://gateway:8080/")}},
		{"another scheme", true, []requestOption{with("Origin", "ftp://gateway:8080")}},
		{"an extension", true, []requestOption{with("Origin", "chrome-extension://abc")}},
		{"a sandbox", true, []requestOption{with("Origin", "null")}},
		{"an empty origin", true, []requestOption{with("Origin", "")}},
		{"one of two origins", true, []requestOption{with("Origin", "http://gateway:8080", "https://evil.example")}},
		{"another site, without an origin", true, []requestOption{with("Sec-Fetch-Site", "cross-site")}},
		{"a site that no browser names", true, []requestOption{with("Sec-Fetch-Site", "own")}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			options := append([]requestOption{with("Authorization", basicHeader("ada", ada.password))}, test.options...)
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "ANYTHING"} {
				for _, path := range []string{"/gateway/mlflow/v1/chat/completions", "/graphql", "/v1/traces", "/api/2.0/mlflow/runs/create"} {
					got := send(httptest.NewRequest(method, "http://gateway:8080"+path, strings.NewReader("{}")), login, options...)
					if test.refused {
						expectStatus(t, got, 403, "PERMISSION_DENIED")
					} else {
						expectStatus(t, got, 204, "")
					}
				}
			}
			// What a page loads costs MLflow work, though the page cannot read it.
			navigate := with("Sec-Fetch-Mode", "navigate")
			for what, more := range map[string][]requestOption{
				"an image": {with("Sec-Fetch-Mode", "no-cors")}, "an image of an old browser": nil,
				"a WebSocket": {with("Upgrade", "websocket")}, "a WebSocket that navigates": {navigate, with("Upgrade", "websocket")},
			} {
				if got := send(get("http://gateway:8080/"), login, append(options, more...)...); (got.status == 403) != test.refused {
					t.Errorf("%s is answered %d", what, got.status)
				}
			}
			expectStatus(t, send(get("http://gateway:8080/"), login, append(options, navigate)...), 204, "")
		})
	}
}

func TestAPageWithoutTLSIsAnotherOrigin(t *testing.T) {
	login := loginWith(t, "", ada)
	for origin, status := range map[string]int{"https://gateway": 204, "https://gateway:443": 204, "http://gateway": 403, "http://gateway:443": 403} {
		r := httptest.NewRequest("POST", "https://gateway/", nil)
		r.TLS = new(tls.ConnectionState)
		if got := send(r, login, with("Authorization", basicHeader("ada", ada.password)), with("Origin", origin)); got.status != status {
			t.Errorf("%s is answered %d", origin, got.status)
		}
	}
}
