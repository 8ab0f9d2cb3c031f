package gateway

import (
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestAHeaderHasSomeLinesOnly(t *testing.T) {
	handlers := []caddyhttp.MiddlewareHandler{new(HeaderLines)}
	repeated := func(count int) requestOption { return with("X-Test", make([]string, count)...) }

	expectStatus(t, send(get("/"), handlers, repeated(100)), http.StatusNoContent, "")
	expectStatus(t, send(get("/"), handlers, repeated(101)), http.StatusRequestHeaderFieldsTooLarge, "BAD_REQUEST")
	expectStatus(t, send(get("/"), handlers, repeated(60), with("X-Other", make([]string, 60)...)),
		http.StatusRequestHeaderFieldsTooLarge, "BAD_REQUEST")
}
