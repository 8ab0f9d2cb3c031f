package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func readyFor(t *testing.T, answer http.HandlerFunc) (*Ready, []caddyhttp.MiddlewareHandler) {
	t.Helper()
	upstream := httptest.NewServer(answer)
	t.Cleanup(upstream.Close)
	ready := load(t, new(Ready), "mlflow_ready {\nupstream "+upstream.Listener.Addr().String()+"\nkey_file "+writeFile(t, "key", "the key\n")+"\nhost mlflow.example.com\ntimeout 30s\nkeep 1h\n}")
	return ready, []caddyhttp.MiddlewareHandler{ready}
}

func TestReadyWhenDatabaseAndStoreAnswer(t *testing.T) {
	var asked []string
	_, handlers := readyFor(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host+r.URL.Path+" with "+strings.Join(r.Header.Values("X-Gateway-Key"), " and "))
	})
	for _, method := range []string{"GET", "HEAD"} {
		got := send(httptest.NewRequest(method, "/readyz", nil), handlers)
		expectStatus(t, got, http.StatusOK, "")
		if got.body != "ready" {
			t.Errorf("says %q", got.body)
		}
	}
	// The second request gets the kept answer.
	if got := strings.Join(asked, " "); got != "GET mlflow.example.com/api/2.0/mlflow/experiments/search with the key GET mlflow.example.com/api/2.0/mlflow-artifacts/artifacts with the key" {
		t.Errorf("asked %s", got)
	}
	expectStatus(t, send(request(http.MethodPost, "/readyz", ""), handlers), http.StatusMethodNotAllowed, "BAD_REQUEST")
}

func TestAKeyThatIsNotThereIsAnError(t *testing.T) {
	for text, handler := range map[string]module{
		"mlflow_ready {\nupstream mlflow:5000\nkey_file /no/such/file\n}":                                  new(Ready),
		"mlflow_upload {\nupstream mlflow:5000\nkey_file /no/such/file\nstore http://store:9000/mlflow\n}": new(Upload),
	} {
		if _, err := tryLoad(t, handler, text); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
			t.Errorf("%s\nis taken, with %v", text, err)
		}
	}
}

func TestNotReadyWithoutDetails(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"when the database fails": func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "experiments") {
				http.Error(w, "secret", http.StatusInternalServerError)
			}
		},
		"when the store fails": func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "artifacts") {
				http.Error(w, "secret", http.StatusInternalServerError)
			}
		},
		"when MLflow refuses the host": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"when MLflow redirects":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/health", http.StatusFound) },
		"when MLflow hangs":            func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"when MLflow hangs up":         func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			ready, handlers := readyFor(t, answer)
			ready.Timeout = caddy.Duration(300 * time.Millisecond)
			got := send(get("/readyz"), handlers)
			expectStatus(t, got, http.StatusServiceUnavailable, "")
			if got.body != "not ready" {
				t.Errorf("says %q", got.body)
			}
		})
	}
}

func TestStrangersCannotLoadMLflowByAskingForReadiness(t *testing.T) {
	var asked atomic.Int32
	_, handlers := readyFor(t, func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		time.Sleep(20 * time.Millisecond)
	})
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if got := send(get("/readyz"), handlers); got.status != http.StatusOK {
				t.Errorf("answered %d", got.status)
			}
		})
	}
	all.Wait()
	if asked.Load() != 2 {
		t.Errorf("MLflow was asked %d times", asked.Load())
	}
}

func TestTheReasonIsLoggedOnceAChange(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	ready, handlers := readyFor(t, func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			http.Error(w, "secret", http.StatusInternalServerError)
		}
	})
	core, logs := observer.New(zap.InfoLevel)
	ready.logger = zap.New(core)
	now := time.Now()
	ready.now = func() time.Time { now = now.Add(2 * time.Hour); return now }

	for range 3 {
		expectStatus(t, send(get("/readyz"), handlers), http.StatusServiceUnavailable, "")
	}
	broken.Store(false)
	expectStatus(t, send(get("/readyz"), handlers), http.StatusOK, "")

	var lines []string
	for _, entry := range logs.All() {
		lines = append(lines, entry.Level.String()+" "+entry.Message)
		for _, value := range entry.ContextMap() {
			if strings.Contains(value.(string), "secret") {
				t.Errorf("shows what MLflow said: %s", value)
			}
		}
	}
	if got := strings.Join(lines, ", "); got != "warn MLflow is not ready, info MLflow is ready" {
		t.Errorf("logs %s", got)
	}
}
