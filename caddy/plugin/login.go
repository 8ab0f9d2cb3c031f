// Package gateway holds Caddy's handlers for the gateway in front of MLflow: login, access by role, uploads and readiness.
package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	// How many clients, and how many clients with a user name, have their failures remembered. Each table takes some 30 MB
	// when it is full.
	failuresCapacity = 100_000
	// How many logins may wait for their turn: of all clients, and of one. A hash takes a quarter of a second, so that an
	// office that logs in after a start waits up to half a minute.
	hashQueueCapacity, hashQueueCapacityPerClient = 256, 128
	// The status that is logged when a client has closed its connection before the answer. nginx introduced it.
	statusClientClosed = 499
)

// Login lets a caller in with a user's password or, with OAuth2, with a session or a token. Other callers get 401, after too
// many failures 429. Browsers are redirected to the login page. Requests of other origins' pages are refused.
type Login struct {
	// JSON file, a list of {"name", "role", "workspace"}. The role is admin, write or read. The workspace may be missing.
	Users string `json:"users,omitempty"`
	// Folder with one file per user, which has the user's name and holds the bcrypt hash.
	Hashes string `json:"hashes,omitempty"`
	// Failed logins that an address may have in a window. Default: 30
	FailuresPerAddress int `json:"failures_per_address,omitempty"`
	// Failed logins that an address may have with one user name in a window. Default: 10
	FailuresPerUser int `json:"failures_per_user,omitempty"`
	// Length of a window. Default: 1m
	FailureWindow caddy.Duration `json:"failure_window,omitempty"`
	// The origin of MLflow's pages. Others are refused, unless they have the host and port that a request was sent to.
	Origin string `json:"origin,omitempty"`
	// Sessions and tokens, checked by oauth2-proxy.
	OAuth2 *OAuth2 `json:"oauth2,omitempty"`
	// Prefixes of the names of the gateway's own cookies, which are removed from the request. Default: __Host-gateway, gateway
	Cookies []string `json:"cookies,omitempty"`

	users map[string]*user
	// The highest bcrypt cost of all users' hashes.
	cost       int
	perAddress *failureLimit
	perUser    *failureLimit
	// Passwords, and tokens that were not accepted lately: one of each is checked at a time.
	hashes, tokens *hashQueue
	// Passwords of users at addresses over their limit.
	late *hashQueue
	// Checks of credentials that are under way, by the digest of the credentials.
	checks *singleFlight[[32]byte, bool]
}

func init() { caddy.RegisterModule(new(Login)) }

// CaddyModule tells Caddy about this module.
func (*Login) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_login", New: func() caddy.Module { return new(Login) }}
}

// Provision reads the users.
func (l *Login) Provision(caddy.Context) error {
	l.FailuresPerAddress = orDefault(l.FailuresPerAddress, 30)
	l.FailuresPerUser = orDefault(l.FailuresPerUser, 10)
	l.FailureWindow = orDefault(l.FailureWindow, caddy.Duration(time.Minute))
	if len(l.Cookies) == 0 {
		l.Cookies = []string{"__Host-gateway", "gateway"}
	}

	if l.Users != "" {
		users, err := readUsers(l.Users, l.Hashes)
		if err != nil {
			return err
		}
		l.users = users
	}
	for _, known := range l.users {
		l.cost = max(l.cost, known.cost)
	}
	window := time.Duration(l.FailureWindow)
	l.perAddress = newFailureLimit(l.FailuresPerAddress, window, failuresCapacity)
	l.perUser = newFailureLimit(l.FailuresPerUser, window, failuresCapacity)
	l.hashes = newHashQueue(hashQueueCapacity, hashQueueCapacityPerClient)
	l.tokens = newHashQueue(hashQueueCapacity, hashQueueCapacityPerClient)
	l.late = newHashQueue(hashQueueCapacity, hashQueueCapacityPerClient)
	l.checks = newSingleFlight[[32]byte, bool]()
	if l.OAuth2 != nil {
		return l.OAuth2.provision()
	}
	return nil
}

// Validate refuses settings that let nobody log in, or anybody.
func (l *Login) Validate() error {
	if l.FailuresPerAddress < 1 || l.FailuresPerUser < 1 || l.FailureWindow < caddy.Duration(time.Second) {
		return errors.New("mlflow_login: failures must be at least 1, and failure_window at least 1s")
	}
	if l.OAuth2 != nil {
		return l.OAuth2.validate()
	}
	if len(l.users) == 0 {
		return errors.New("mlflow_login: there is no user, and no oauth2")
	}
	return nil
}

// Cleanup closes idle connections to oauth2-proxy.
func (l *Login) Cleanup() error {
	if l.OAuth2 != nil {
		l.OAuth2.close()
	}
	return nil
}

func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if l.isForeign(r) {
		return refuseForeign(r)
	}
	identity, err := l.identify(w, r)
	if errors.Is(err, errAnswered) {
		return nil
	}
	if err != nil {
		return err
	}

	r = withIdentity(r, identity)
	r.Header.Del("Authorization")
	removeCookies(r.Header, l.Cookies)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Set("http.auth.user.id", identity.Name())
	}
	return next.ServeHTTP(w, r)
}

func (l *Login) identify(w http.ResponseWriter, r *http.Request) (Identity, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) > 1:
		return nil, l.refuseMalformed(w, r)
	case len(headers) == 1 && isBasic(headers[0]):
		return l.basic(w, r, headers[0])
	case l.OAuth2 != nil && len(headers) == 1:
		return l.bearer(w, r, headers[0])
	case l.OAuth2 != nil:
		return l.session(w, r)
	default:
		return nil, l.challenge(w, r)
	}
}

// challenge answers 401.
func (l *Login) challenge(w http.ResponseWriter, r *http.Request) error {
	// A page whose session has ended must not get Basic: the browser would ask for a password over it.
	byPage := l.OAuth2 != nil && r.Header.Get("Sec-Fetch-Mode") != "" && r.Header.Get("Authorization") == ""
	if !byPage {
		w.Header().Add("WWW-Authenticate", `Basic realm="mlflow"`)
	}
	if l.OAuth2 != nil {
		w.Header().Add("WWW-Authenticate", `Bearer realm="mlflow"`)
	}
	remedy := "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or open this address in a browser."
	if l.OAuth2 != nil {
		remedy = "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or open this address in a browser."
	}
	// MLflow's own login leaves this address open, so tools ask there without one.
	if r.URL.Path == "/health" {
		remedy += " Health checks ask /healthz or /readyz, which need no login."
	}
	return refuse(r, http.StatusUnauthorized, "UNAUTHENTICATED", "Not logged in, or the credentials are wrong or expired. "+remedy)
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

var (
	_ caddy.Provisioner           = (*Login)(nil)
	_ caddy.Validator             = (*Login)(nil)
	_ caddy.CleanerUpper          = (*Login)(nil)
	_ caddyhttp.MiddlewareHandler = (*Login)(nil)
)
