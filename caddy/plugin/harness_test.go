package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/crypto/bcrypt"
)

// module is a handler that Caddy sets up in three steps.
type module interface {
	directive
	caddy.Provisioner
	caddy.Validator
}

func tryLoad[M module](t testing.TB, handler M, text string) (M, error) {
	t.Helper()
	if err := handler.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)); err != nil {
		return handler, err
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	if err := handler.Provision(ctx); err != nil {
		return handler, err
	}
	return handler, handler.Validate()
}

func load[M module](t testing.TB, handler M, text string) M {
	t.Helper()
	loaded, err := tryLoad(t, handler, text)
	if err != nil {
		t.Fatalf("%s\nis refused: %v", text, err)
	}
	return loaded
}

// writeFile writes a file into a temporary folder and returns its path.
func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serve serves each connection to a free port of an address until the test ends, and returns address and port.
func serve(t testing.TB, address string, connected func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				connected(connection)
			}()
		}
	}()
	return listener.Addr().String()
}

type testUser struct {
	name, role, password string
	cost                 int
	workspace            string
}

// writeUsers writes a users file and a folder of hashes, and returns the Caddyfile's lines with their paths.
func writeUsers(t testing.TB, users ...testUser) string {
	t.Helper()
	folder := t.TempDir()
	entries := []map[string]string{}
	for _, u := range users {
		hash, err := bcrypt.GenerateFromPassword([]byte(u.password), orDefault(u.cost, bcrypt.MinCost))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, u.name), append(hash, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		entry := map[string]string{"name": u.name, "role": u.role}
		if u.workspace != "" {
			entry["workspace"] = u.workspace
		}
		entries = append(entries, entry)
	}
	text, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	return "users " + writeFile(t, "users.json", string(text)) + "\nhashes " + folder + "\n"
}

func basicHeader(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

type received struct {
	status   int
	header   http.Header
	body     string
	code     string
	message  string
	vars     map[string]any
	user     string
	identity Identity
	// The request that reached MLflow, or nil.
	passed     *http.Request
	passedBody string
}

type requestOption func(*http.Request)

func with(name string, values ...string) requestOption {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func from(address string) requestOption {
	return func(r *http.Request) { r.RemoteAddr = address + ":4711" }
}

// send runs the handlers as Caddy's server does: it prepares the request before them, and turns an error into a status.
func send(r *http.Request, handlers []caddyhttp.MiddlewareHandler, options ...requestOption) received {
	for _, option := range options {
		option(r)
	}
	recorder := httptest.NewRecorder()
	repl := caddy.NewReplacer()
	r = caddyhttp.PrepareRequest(r, repl, recorder, &caddyhttp.Server{})

	var result received
	var handler caddyhttp.Handler = caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		result.passed, result.passedBody, result.identity = r, string(body), IdentityOf(r)
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	for i := len(handlers) - 1; i >= 0; i-- {
		next, current := handler, handlers[i]
		handler = caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			return current.ServeHTTP(w, r, next)
		})
	}
	err := handler.ServeHTTP(recorder, r)
	result.status = recorder.Code
	if err != nil {
		result.status = http.StatusInternalServerError
		if refused, ok := errors.AsType[caddyhttp.HandlerError](err); ok {
			result.status = refused.StatusCode
		}
	}
	result.header, result.body = recorder.Header(), recorder.Body.String()
	result.vars, _ = r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any)
	result.code, _ = result.vars[errorVar].(string)
	result.message, _ = result.vars[messageVar].(string)
	result.user, _ = repl.GetString("http.auth.user.id")
	return result
}

func get(address string) *http.Request { return httptest.NewRequest(http.MethodGet, address, nil) }

func request(method, address, body string) *http.Request {
	return httptest.NewRequest(method, address, strings.NewReader(body))
}

func expectStatus(t testing.TB, got received, status int, code string) {
	t.Helper()
	if got.status != status || got.code != code {
		t.Fatalf("answered %d %s (%s), not %d %s", got.status, got.code, got.message, status, code)
	}
	if status >= 400 && got.passed != nil {
		t.Fatal("was refused and went on all the same")
	}
}

// statusAndCode is the status of an answer and MLflow's error code, which is empty unless the gateway has refused.
func statusAndCode(got received) string { return strconv.Itoa(got.status) + " " + got.code }

// fixedUser is an identity with a role and, if given, a workspace.
type fixedUser struct {
	role      Role
	workspace string
}

func (f fixedUser) Name() string { return "test" }

func (f fixedUser) Has(_ context.Context, role Role) (bool, error) { return f.role >= role, nil }

func (f fixedUser) Workspace() string { return f.workspace }

// asRole takes the place of mlflow_login.
func asRole(role Role) caddyhttp.MiddlewareHandler { return loggedIn{fixedUser{role: role}} }

// handlerFunc takes the place of MLflow.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

func (f handlerFunc) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	return f(w, r)
}

type loggedIn struct{ identity Identity }

func (l loggedIn) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, withIdentity(r, l.identity))
}

// crowdOf makes users, each with a password of their own.
func crowdOf(number int) []testUser {
	users := make([]testUser, number)
	for i := range users {
		users[i] = testUser{name: fmt.Sprint("user", i), role: "read", password: fmt.Sprint("password of ", i)}
	}
	return users
}

// expectAllEnter logs all users in at the same time, from one address.
func expectAllEnter(t *testing.T, login []caddyhttp.MiddlewareHandler, users []testUser) {
	t.Helper()
	var all sync.WaitGroup
	for _, user := range users {
		all.Go(func() {
			if got := send(get("/"), login, with("Authorization", basicHeader(user.name, user.password))); got.status != 204 {
				t.Errorf("%s is answered %s: %s", user.name, statusAndCode(got), got.message)
			}
		})
	}
	all.Wait()
}
