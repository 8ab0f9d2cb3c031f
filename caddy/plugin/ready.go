package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// Requests that MLflow is probed with. The first reads the database. The second lists a folder that is not in the artifact
// store, which is one small call to the store.
var readyProbes = []string{
	"/api/2.0/mlflow/experiments/search?max_results=1",
	"/api/2.0/mlflow-artifacts/artifacts?path=gateway-readiness-no-such-folder",
}

// Ready answers 200 while MLflow, its database and its artifact store answer, and 503 otherwise. Everybody may ask. However
// many do, MLflow gets two small requests at most once in the time of Keep.
type Ready struct {
	// Host and port of MLflow.
	Upstream string `json:"upstream"`
	// File with the key by which MLflow knows the gateway. Default: no key
	KeyFile string `json:"key_file,omitempty"`
	// Host header of the requests, which MLflow has to allow. Default: the upstream's host and port
	Host string `json:"host,omitempty"`
	// How long MLflow may take for both requests. Default: 5s
	Timeout caddy.Duration `json:"timeout,omitempty"`
	// How long an answer is kept. Default: 2s
	Keep caddy.Duration `json:"keep,omitempty"`

	client *http.Client
	logger *zap.Logger
	now    func() time.Time

	probes *singleFlight[struct{}, readiness]
	// Only the leader of probes reads and writes the rest.
	state  readiness
	until  time.Time
	logged string
}

// readiness says why MLflow is not ready. MLflow is ready when problem is nil.
type readiness struct{ problem error }

func init() { caddy.RegisterModule(new(Ready)) }

// CaddyModule tells Caddy about this module.
func (*Ready) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_ready", New: func() caddy.Module { return new(Ready) }}
}

// Provision sets the defaults.
func (h *Ready) Provision(ctx caddy.Context) error {
	h.Timeout = orDefault(h.Timeout, caddy.Duration(5*time.Second))
	h.Keep = orDefault(h.Keep, caddy.Duration(2*time.Second))
	h.logger = ctx.Logger()
	h.now = time.Now
	client, err := newMLflowClient(h.KeyFile)
	if err != nil {
		return fmt.Errorf("mlflow_ready: %w", err)
	}
	h.client = client
	h.probes = newSingleFlight[struct{}, readiness]()
	return nil
}

// Validate refuses settings that are not valid.
func (h *Ready) Validate() error {
	if _, _, err := net.SplitHostPort(h.Upstream); err != nil {
		return fmt.Errorf("mlflow_ready: upstream: %q is not a host and port: %w", h.Upstream, err)
	}
	if h.Timeout < 0 || h.Keep < 0 {
		return errors.New("mlflow_ready: timeout and keep must not be negative")
	}
	return nil
}

func (h *Ready) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return refuse(r, http.StatusMethodNotAllowed, "BAD_REQUEST", "Only GET and HEAD are allowed here.")
	}
	state, err := h.current(r.Context())
	if err != nil {
		return caddyhttp.Error(statusClientClosed, err)
	}
	status, text := http.StatusOK, "ready"
	if state.problem != nil {
		status, text = http.StatusServiceUnavailable, "not ready"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = io.WriteString(w, text)
	return err
}

// current returns the last answer while it holds, else a new one. One caller at a time asks MLflow, the others wait.
func (h *Ready) current(ctx context.Context) (readiness, error) {
	state, _, err := h.probes.do(ctx, struct{}{}, func() (readiness, error) {
		if !h.now().Before(h.until) {
			h.renew()
		}
		return h.state, nil
	})
	return state, err
}

func (h *Ready) renew() {
	// Not the caller's context: when this caller leaves, others still wait for the answer.
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(h.Timeout))
	defer cancel()
	h.state = readiness{}
	for _, probe := range readyProbes {
		if h.state.problem = h.probe(ctx, probe); h.state.problem != nil {
			break
		}
	}

	keep := time.Duration(h.Keep)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// MLflow goes on waiting for its store or database after this timeout, and such requests must not pile up.
		keep += time.Duration(h.Timeout)
	}
	h.until = h.now().Add(keep)
	h.logChange()
}

// logChange logs only when the reason is another one than before.
func (h *Ready) logChange() {
	reason := ""
	if h.state.problem != nil {
		reason = h.state.problem.Error()
	}
	if reason == h.logged {
		return
	}
	h.logged = reason
	if h.state.problem != nil {
		h.logger.Warn("MLflow is not ready", zap.Error(h.state.problem))
		return
	}
	h.logger.Info("MLflow is ready")
}

func (h *Ready) probe(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Upstream+path, nil)
	if err != nil {
		return err
	}
	request.Host = h.Host
	response, err := h.client.Do(request)
	if err != nil {
		return reasonOf(path, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, response.StatusCode)
	}
	return nil
}

// reasonOf leaves out details that differ each time, such as the local port, so that one reason is logged once.
func reasonOf(path string, err error) error {
	var dns *net.DNSError
	var operation *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no answer in time", path)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: the name %s is not known", path, dns.Name)
	case errors.As(err, &operation) && operation.Err != nil:
		return fmt.Errorf("%s: %s: %w", path, operation.Op, operation.Err)
	default:
		return fmt.Errorf("%s: no answer", path)
	}
}

var (
	_ caddy.Provisioner           = (*Ready)(nil)
	_ caddy.Validator             = (*Ready)(nil)
	_ caddyhttp.MiddlewareHandler = (*Ready)(nil)
)
