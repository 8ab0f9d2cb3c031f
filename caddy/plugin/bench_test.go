package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// gatewayBefore returns login and access, with an oauth2-proxy that accepts every session and token.
func gatewayBefore(b *testing.B) []caddyhttp.MiddlewareHandler {
	b.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Auth-Request-User", "sub-1")
		w.Header().Set("X-Auth-Request-Email", "rea@corp.example")
		w.WriteHeader(http.StatusAccepted)
	}))
	b.Cleanup(proxy.Close)
	login := loginWith(b, "oauth2 "+proxy.Listener.Addr().String()+" {\nwrite_groups writers\n}", ada)
	return append(login, accessAs(b, RoleRead)[1:]...)
}

// BenchmarkRequest measures what login and access add to a request. "nothing" is the benchmark's own part.
func BenchmarkRequest(b *testing.B) {
	const path = "/api/2.0/mlflow/experiments/get"
	write := func(r *http.Request) { r.Method, r.URL.Path = http.MethodPut, "/api/2.0/mlflow/runs/update" }
	for _, test := range []struct {
		name    string
		options []requestOption
	}{
		{"nothing", nil},
		{"password", []requestOption{with("Authorization", basicHeader("ada", ada.password))}},
		{"session", []requestOption{with("Cookie", "__Host-gateway=rea")}},
		{"token", []requestOption{with("Authorization", "Bearer h.ci.s")}},
		{"write by a group's session", []requestOption{with("Cookie", "__Host-gateway=rea"), write}},
	} {
		b.Run(test.name, func(b *testing.B) {
			var handlers []caddyhttp.MiddlewareHandler
			if test.options != nil {
				handlers = gatewayBefore(b)
			}
			b.ReportAllocs()
			for b.Loop() {
				if got := send(get(path), handlers, test.options...); got.status != http.StatusNoContent {
					b.Fatalf("is answered %d %s", got.status, got.message)
				}
			}
		})
	}
}

func TestAFloodOfFailuresCostsLessThanOneCore(t *testing.T) {
	cpu := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	for name, addressOf := range map[string]func(int) string{
		"one address":    func(int) string { return "203.0.113.1" },
		"many addresses": func(i int) string { return fmt.Sprintf("10.0.%d.%d", i>>8, i&255) },
	} {
		t.Run(name, func(t *testing.T) {
			costly := ada
			costly.cost = 11
			login := loginWith(t, "", costly)
			expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 204, "")

			const rate, seconds = 200, 3
			ctx, goAway := context.WithCancel(t.Context())
			patient := func(r *http.Request) { *r = *r.WithContext(ctx) }
			var statuses sync.Map
			var all sync.WaitGroup
			began, before := time.Now(), cpu()
			for i := range rate * seconds {
				time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / rate)))
				all.Go(func() {
					got := send(get("/"), login, patient, from(addressOf(i)), with("Authorization", basicHeader("ada", fmt.Sprint(i))))
					count, _ := statuses.LoadOrStore(got.status, new(atomic.Int64))
					count.(*atomic.Int64).Add(1)
				})
				// A verified password is accepted all the time.
				if i%rate == 0 {
					expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 204, "")
				}
			}
			used, wall := cpu()-before, time.Since(began)
			goAway()
			all.Wait()
			var report strings.Builder
			for _, status := range []int{401, 429} {
				if count, found := statuses.Load(status); found {
					fmt.Fprintf(&report, ", %d of %d", count.(*atomic.Int64).Load(), status)
				}
			}
			t.Logf("%d failed logins a second: %.2f cores%s", rate, used.Seconds()/wall.Seconds(), report.String())
			if used > wall*8/10 {
				t.Errorf("%v of CPU in %v", used, wall)
			}
		})
	}
}
