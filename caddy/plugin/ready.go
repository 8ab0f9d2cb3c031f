package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// What MLflow is asked: the first reads the database, the second lists a folder of the artifact store that is not there,
// one small call to the store.
var readyQuestions = []string{
	"/api/2.0/mlflow/experiments/search?max_results=1",
	"/api/2.0/mlflow-artifacts/artifacts?path=gateway-readiness-no-such-folder",
}

// Ready answers 200 while MLflow, its database and its artifact store answer, and 503 otherwise. Everybody may ask; MLflow
// is asked once in a while, however many ask.
type Ready struct {
	// Host and port of MLflow.
	Upstream string `json:"upstream"`
	// Host header of the questions, one that MLflow allows. Default: the upstream's host and port
	Host string `json:"host,omitempty"`
	// How long MLflow may take. Default: 5s
	Timeout caddy.Duration `json:"timeout,omitempty"`
	// How long an answer holds. Default: 2s
	Keep caddy.Duration `json:"keep,omitempty"`

	client *http.Client
	logger *zap.Logger
	now    func() time.Time

	mutex  sync.Mutex
	asking chan struct{}
	// until when the last answer holds.
	until time.Time
	// why it is not ready.
	problem error
	logged  string
}

func init() { caddy.RegisterModule(new(Ready)) }

// CaddyModule tells Caddy about this module.
func (*Ready) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_ready", New: func() caddy.Module { return new(Ready) }}
}

// Provision makes the client.
func (h *Ready) Provision(ctx caddy.Context) error {
	h.Timeout = orDefault(h.Timeout, caddy.Duration(5*time.Second))
	h.Keep = orDefault(h.Keep, caddy.Duration(2*time.Second))
	h.logger = ctx.Logger()
	h.now = time.Now
	h.client = questionClient()
	return nil
}

// questionClient asks MLflow what the gateway itself wants to know: on a new connection each time, so that none is kept that
// MLflow is about to close, and following no redirect.
func questionClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Validate refuses what is no address.
func (h *Ready) Validate() error {
	if _, _, err := net.SplitHostPort(h.Upstream); err != nil {
		return fmt.Errorf("mlflow_ready: upstream: %q is no host and port: %w", h.Upstream, err)
	}
	if h.Timeout < 0 || h.Keep < 0 {
		return errors.New("mlflow_ready: timeout and keep must not be negative")
	}
	return nil
}

func (h *Ready) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return refuse(r, http.StatusMethodNotAllowed, "BAD_REQUEST", "Only GET and HEAD are answered here.")
	}
	problem, err := h.current(r.Context())
	if err != nil {
		return caddyhttp.Error(statusClientClosed, err)
	}
	status, text := http.StatusOK, "ready"
	if problem != nil {
		status, text = http.StatusServiceUnavailable, "not ready"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = io.WriteString(w, text)
	return err
}

// current returns why MLflow is not ready. It is asked by one caller at a time; the others wait for the answer.
func (h *Ready) current(ctx context.Context) (problem, err error) {
	h.mutex.Lock()
	if h.now().Before(h.until) {
		defer h.mutex.Unlock()
		return h.problem, nil
	}
	asking := h.asking
	if asking == nil {
		asking = make(chan struct{})
		h.asking = asking
		// not the caller's context: when that one goes away, the others still want to know.
		go h.askAll(asking)
	}
	h.mutex.Unlock()
	select {
	case <-asking:
		h.mutex.Lock()
		defer h.mutex.Unlock()
		return h.problem, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *Ready) askAll(asking chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(h.Timeout))
	defer cancel()
	var problem error
	for _, question := range readyQuestions {
		if problem = h.ask(ctx, question); problem != nil {
			break
		}
	}

	h.mutex.Lock()
	defer h.mutex.Unlock()
	hold := time.Duration(h.Keep)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// MLflow goes on waiting for its store or database after this end has given up: such questions must not add up.
		hold += time.Duration(h.Timeout)
	}
	h.problem, h.until, h.asking = problem, h.now().Add(hold), nil
	close(asking)
	reason := ""
	if problem != nil {
		reason = problem.Error()
	}
	if reason == h.logged {
		return
	}
	h.logged = reason
	if problem != nil {
		h.logger.Warn("MLflow is not ready", zap.Error(problem))
		return
	}
	h.logger.Info("MLflow is ready")
}

func (h *Ready) ask(ctx context.Context, question string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Upstream+question, nil)
	if err != nil {
		return err
	}
	request.Host = h.Host
	response, err := h.client.Do(request)
	if err != nil {
		return reasonOf(question, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", question, response.StatusCode)
	}
	return nil
}

// reasonOf leaves out what differs each time, such as the port of this end.
func reasonOf(question string, err error) error {
	var dns *net.DNSError
	var operation *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no answer in time", question)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: the name %s is not known", question, dns.Name)
	case errors.As(err, &operation) && operation.Err != nil:
		return fmt.Errorf("%s: %s: %w", question, operation.Op, operation.Err)
	default:
		return fmt.Errorf("%s: no answer", question)
	}
}

var (
	_ caddy.Provisioner           = (*Ready)(nil)
	_ caddy.Validator             = (*Ready)(nil)
	_ caddyhttp.MiddlewareHandler = (*Ready)(nil)
)
