package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

// upstream records the requests that reach MLflow.
type upstream struct {
	mutex    sync.Mutex
	requests []string
	bodies   []string
	keys     []string
	delay    time.Duration
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	u.mutex.Lock()
	u.requests = append(u.requests, r.Method+" "+r.RequestURI)
	u.bodies = append(u.bodies, string(body))
	u.keys = append(u.keys, r.Header.Values("X-Gateway-Key")...)
	delay := u.delay
	u.mutex.Unlock()
	time.Sleep(delay)
	_, _ = io.WriteString(w, "from MLflow")
}

func (u *upstream) seen() []string {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return append([]string(nil), u.requests...)
}

// startCaddy runs a whole Caddy with the handlers and returns its address.
func startCaddy(t *testing.T, mlflow *upstream, users ...testUser) string {
	t.Helper()
	server := httptest.NewServer(mlflow)
	t.Cleanup(server.Close)
	verified = newVerifiedPasswords()
	return "127.0.0.1:" + runCaddy(t, fmt.Sprintf(`{`+quiet+`}
http://:%%s {
	bind 127.0.0.1
	route {
		mlflow_login {
			%s
			failures_per_address 10000
			failures_per_user 10000
		}
		mlflow_access {
			routes %s
			artifact_root mlflow-artifacts:/
		}
		reverse_proxy %s {
			header_up X-Gateway-Key {file.%s}
		}
	}
	handle_errors {
		header Content-Type application/json
		respond `+"`"+`\{"error_code":"{vars.mlflow.error}","message":"{vars.mlflow.message}"\}`+"`"+` {err.status_code}
	}
}`, writeUsers(t, users...), writeFile(t, "routes.json", testRoutes), server.Listener.Addr(), writeFile(t, "key", "the key")))
}

// exchange sends raw bytes and reads one answer.
func exchange(t *testing.T, address, text string) (*http.Response, string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(connection, text)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return nil, err.Error()
	}
	body, _ := io.ReadAll(response.Body)
	return response, string(body)
}

func TestInAWholeCaddy(t *testing.T) {
	mlflow := new(upstream)
	address := startCaddy(t, mlflow, ada)
	login := "Host: mlflow.example.com\r\nAuthorization: " + basicHeader("ada", ada.password) + "\r\n"

	t.Run("a request arrives in the spelling that was checked", func(t *testing.T) {
		response, body := exchange(t, address, "GET http://other.example/%76ersion/?a=%2F..%2F HTTP/1.1\r\n"+login+"\r\n")
		if response.StatusCode != 200 || body != "from MLflow" {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		if got := mlflow.seen(); got[len(got)-1] != "GET /version/?a=%2F..%2F" {
			t.Errorf("%s arrived", got[len(got)-1])
		}
	})

	t.Run("errors are JSON with the reason", func(t *testing.T) {
		response, body := exchange(t, address, "GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
		var answer struct{ Error_code, Message string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || response.StatusCode != 401 || answer.Error_code != "UNAUTHENTICATED" || response.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%d %s %v", response.StatusCode, body, err)
		}
		response, body = exchange(t, address, "GET /api/2.0/mlflow/webhooks HTTP/1.1\r\n"+login+"\r\n")
		if response.StatusCode != 403 || !strings.Contains(body, `{"error_code":"FEATURE_DISABLED","message":"webhooks is switched off.`) {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	})

	t.Run("a body over its limit is 413 although its length was not said", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodPost, "http://"+address+"/api/2.0/mlflow/runs/create", zeros(maxSmallBody+1))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("ada", ada.password)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != 413 || !strings.Contains(string(body), "this call takes 16 MiB") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	})

	t.Run("MLflow gets the gateway's key, not a client's", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodGet, "http://"+address+"/version", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("ada", ada.password)
		request.Header.Set("X-Gateway-Key", "forged")
		before := len(mlflow.keys)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := mlflow.keys[before:]; len(got) != 1 || got[0] != "the key" {
			t.Errorf("MLflow got %q", got)
		}
	})

	t.Run("traces arrive unpacked", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodPost, "http://"+address+"/v1/traces", packed(t, strings.NewReader("spans")))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("ada", ada.password)
		request.Header.Set("Content-Encoding", "gzip")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 200 || mlflow.bodies[len(mlflow.bodies)-1] != "spans" {
			t.Errorf("%d, %q arrived", response.StatusCode, mlflow.bodies[len(mlflow.bodies)-1])
		}
	})

	t.Run("a body that comes too slowly is given up", func(t *testing.T) {
		smallBodyTimeout = 300 * time.Millisecond
		defer func() { smallBodyTimeout = time.Minute }()
		// Caddy's proxy answers 499, as for a client that has left, when it sees the end of the request first.
		for path, statuses := range map[string][]int{"/api/2.0/mlflow/runs/create": {408, 499}, "/graphql": {408}} {
			before := len(mlflow.seen())
			response, body := exchange(t, address, "POST "+path+" HTTP/1.1\r\n"+login+"Content-Length: 10\r\n\r\n{")
			if response == nil || !slices.Contains(statuses, response.StatusCode) {
				t.Fatalf("%s: %v %s", path, response, body)
			}
			if response.StatusCode == 408 && !strings.Contains(body, "took too long") {
				t.Errorf("%s: says %s", path, body)
			}
			if len(mlflow.seen()) != before {
				t.Error("half a body reached MLflow as a whole one")
			}
		}
	})

	t.Run("an answer may take longer than the body was allowed to", func(t *testing.T) {
		smallBodyTimeout = 300 * time.Millisecond
		mlflow.delay = 900 * time.Millisecond
		defer func() { smallBodyTimeout, mlflow.delay = time.Minute, 0 }()
		response, body := exchange(t, address, "POST /api/2.0/mlflow/runs/create HTTP/1.1\r\n"+login+"Content-Length: 2\r\n\r\n{}")
		if response == nil || response.StatusCode != 200 {
			t.Errorf("%v %s", response, body)
		}
	})

	t.Run("nothing reaches MLflow that no login allows", func(t *testing.T) {
		before := len(mlflow.seen())
		for _, text := range []string{
			"GET /version HTTP/1.0\r\n\r\n",
			"GET /version HTTP/1.1\r\nHost: a\r\nAuthorization: Basic\r\n\r\n",
			"GET /version HTTP/1.1\r\nHost: a\r\nAuthorization : " + basicHeader("ada", ada.password) + "\r\n\r\n",
			"GET /version HTTP/1.1\r\nHost: a\r\nauthorization: " + basicHeader("ada", "x") + "\r\nAuthorization: " + basicHeader("ada", ada.password) + "\r\n\r\n",
			"GET /version HTTP/1.1\r\nHost: a\r\nX: y\r\n Authorization: " + basicHeader("ada", ada.password) + "\r\n\r\n",
			"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /version HTTP/1.1\r\nHost: a\r\n\r\n",
			"GET /version HTTP/1.1\r\nHost: a\r\nConnection: Authorization\r\n\r\n",
			"CONNECT /version HTTP/1.1\r\nHost: a\r\n\r\n",
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		} {
			if response, body := exchange(t, address, text); response != nil && response.StatusCode < 400 {
				t.Errorf("%q is answered %d %s", text, response.StatusCode, body)
			}
		}
		if got := mlflow.seen(); len(got) != before {
			t.Errorf("%q reached MLflow", got[before:])
		}
	})

	t.Run("what follows a refused body is no request of its own", func(t *testing.T) {
		before := len(mlflow.seen())
		hidden := "GET /version HTTP/1.1\r\n" + login + "\r\n"
		exchange(t, address, fmt.Sprintf("POST /graphql HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", login, len(hidden), hidden))
		if got := mlflow.seen(); len(got) != before {
			t.Errorf("%q reached MLflow", got[before:])
		}
	})
}

func TestTheDirectivesHaveAPlaceOutsideOfARoute(t *testing.T) {
	text := "http://127.0.0.1:18249 {\nrespond ok\nmlflow_access {\nroutes a\n}\nmlflow_login {\nusers b\n}\n}"
	configuration, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	login, access := bytes.Index(configuration, []byte(`"mlflow_login"`)), bytes.Index(configuration, []byte(`"mlflow_access"`))
	respond := bytes.Index(configuration, []byte(`"static_response"`))
	if login < 0 || login > access || access > respond {
		t.Errorf("their order is %s", configuration)
	}
}
