package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	fileAddress = "/api/2.0/mlflow-artifacts/artifacts/1/run%20a/artifacts/w%C3%A4ights+.bin"
	partAddress = "http://store:9000/mlflow/1/run%20a/artifacts/w%C3%A4ights%2B.bin?uploadId=id&partNumber=1&X-Amz-Signature=abc"
)

// tryUpload sends a file through mlflow_upload, with an MLflow and a store that give these answers. It returns the calls that
// MLflow got, and the request that the store got.
func tryUpload(t *testing.T, r *http.Request, mlflow, store http.HandlerFunc) (received, []string, *http.Request) {
	t.Helper()
	var asked []string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.Host+r.URL.EscapedPath()+" "+string(body)+r.Header.Get("X-Mlflow-Workspace"))
		if key := r.Header.Values("X-Gateway-Key"); len(key) != 1 || key[0] != "the key" {
			t.Errorf("MLflow got the key %q", key)
		}
		mlflow(w, r)
	}))
	defer upstream.Close()
	handler := load(t, new(Upload), "mlflow_upload {\nupstream "+upstream.Listener.Addr().String()+"\nkey_file "+writeFile(t, "key", "the key")+"\nhost mlflow.example.com\nstore http://store:9000/mlflow\nmin_size 100\n}")
	var passed *http.Request
	next := middlewareFunc(func(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
		passed = r
		if key := r.Header.Values("X-Gateway-Key"); len(key) > 0 {
			t.Errorf("the store got the key %q", key)
		}
		store(w, r)
		return nil
	})
	return send(r, []caddyhttp.MiddlewareHandler{handler, next}), asked, passed
}

type middlewareFunc func(http.ResponseWriter, *http.Request, caddyhttp.Handler) error

func (f middlewareFunc) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return f(w, r, next)
}

func willing(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/mpu/create/") {
		_, _ = io.WriteString(w, `{"upload_id":"id","credentials":[{"url":"`+partAddress+`","part_number":1,"headers":{}}]}`)
		return
	}
	_, _ = io.WriteString(w, "{}")
}

func storing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("ETag", `"etag"`)
	w.Header().Set("X-Store", "its own")
	w.WriteHeader(http.StatusOK)
}

const (
	created   = `POST mlflow.example.com/api/2.0/mlflow-artifacts/mpu/create/1/run%20a/artifacts {"path":"wäights+.bin","num_parts":1}`
	completed = `POST mlflow.example.com/api/2.0/mlflow-artifacts/mpu/complete/1/run%20a/artifacts {"path":"wäights+.bin","upload_id":"id","parts":[{"part_number":1,"etag":"\"etag\""}]}`
	aborted   = `POST mlflow.example.com/api/2.0/mlflow-artifacts/mpu/abort/1/run%20a/artifacts {"path":"wäights+.bin","upload_id":"id"}`
)

func expectAsked(t *testing.T, asked []string, want ...string) {
	t.Helper()
	if got := strings.Join(asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("MLflow was asked\n%s\nnot\n%s", got, strings.Join(want, "\n"))
	}
}

func TestALargeFileGoesPastMLflow(t *testing.T) {
	content := strings.Repeat("x", 100)
	var stored string
	r := request(http.MethodPut, fileAddress, content)
	r.Header.Set("X-Mlflow-Workspace", "w")
	got, asked, passed := tryUpload(t, r, willing, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		stored = string(body)
		storing(w, r)
	})

	expectStatus(t, got, http.StatusOK, "")
	if got.body != "{}" || got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Store") != "" {
		t.Errorf("answers %q with %v", got.body, got.header)
	}
	if stored != content || passed.URL.String() != partAddress || got.vars[uploadVar] != "yes" {
		t.Errorf("%d bytes went to %s", len(stored), passed.URL)
	}
	if r.URL.String() != fileAddress {
		t.Errorf("the client's address became %s", r.URL)
	}
	expectAsked(t, asked, created+"w", completed+"w")
}

func TestWhatMLflowHasToReadItselfIsLeftToIt(t *testing.T) {
	chunked := request(http.MethodPut, fileAddress, strings.Repeat("x", 100))
	chunked.ContentLength = -1
	huge := request(http.MethodPut, fileAddress, "x")
	huge.ContentLength = maxPart + 1
	long := strings.Repeat("x", 100)
	for name, r := range map[string]*http.Request{
		"a small file":             request(http.MethodPut, fileAddress, long[1:]),
		"a file of unknown length": chunked,
		"more than one part takes": huge,
		"another method":           request(http.MethodPost, fileAddress, long),
		"a file without a folder":  request(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/a", long),
		"a percent sign":           request(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1/a%2541", long),
		"one in the folder":        request(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1%2541/a", long),
		"a number sign":            request(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1/a%23", long),
		"a control character":      request(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1/a%0a", long),
		"no UTF-8":                 request(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1/a%ff", long),
		"another route":            request(http.MethodPut, "/api/2.0/mlflow-artifacts/presigned/1/a", long),
	} {
		t.Run(name, func(t *testing.T) {
			address := r.URL.String()
			_, asked, passed := tryUpload(t, r, willing, storing)
			expectAsked(t, asked)
			if passed.URL.String() != address {
				t.Errorf("went to %s", passed.URL)
			}
		})
	}
}

func TestWhatMLflowDoesNotWantGoesOnUnchanged(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		asked  []string
	}{
		"a refusal":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }, []string{created}},
		"no JSON":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, []string{created}},
		"another host":   {other("http://store:9000/mlflow", "http://elsewhere:9000/mlflow"), []string{created, aborted}},
		"another bucket": {other("http://store:9000/mlflow", "http://store:9000/mlflow-other"), []string{created, aborted}},
	} {
		t.Run(name, func(t *testing.T) {
			var body string
			got, asked, passed := tryUpload(t, request(http.MethodPut, fileAddress, strings.Repeat("x", 100)), test.answer, func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				body = string(text)
				w.WriteHeader(http.StatusAccepted)
			})
			expectStatus(t, got, http.StatusAccepted, "")
			expectAsked(t, asked, test.asked...)
			if passed.URL.String() != fileAddress || len(body) != 100 || got.vars[uploadVar] != nil {
				t.Errorf("%d bytes went to %s", len(body), passed.URL)
			}
		})
	}
}

// other answers like MLflow, but with another URL for the part.
func other(place, instead string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		willing(recorder, r)
		_, _ = io.WriteString(w, strings.ReplaceAll(recorder.Body.String(), place, instead))
	}
}

func TestAFailedUploadLeavesNothing(t *testing.T) {
	unwilling := func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/mpu/complete/") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		willing(w, r)
	}
	answering := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(status)
		}
	}
	for name, test := range map[string]struct {
		mlflow, store http.HandlerFunc
		status        int
		asked         []string
	}{
		"on a store that is full":   {willing, answering(http.StatusInsufficientStorage), http.StatusInsufficientStorage, []string{created, aborted}},
		"on a store that refuses":   {willing, answering(http.StatusForbidden), http.StatusBadGateway, []string{created, aborted}},
		"on a store that is silent": {willing, func(http.ResponseWriter, *http.Request) {}, http.StatusBadGateway, []string{created, aborted}},
		"when MLflow cannot end it": {unwilling, storing, http.StatusBadGateway, []string{created, completed, aborted}},
	} {
		t.Run(name, func(t *testing.T) {
			got, asked, _ := tryUpload(t, request(http.MethodPut, fileAddress, strings.Repeat("x", 100)), test.mlflow, test.store)
			if got.status != test.status {
				t.Errorf("answered %d, not %d", got.status, test.status)
			}
			if length := got.header.Get("Content-Length"); length != "" {
				t.Errorf("answers with the store's length, %s", length)
			}
			expectAsked(t, asked, test.asked...)
		})
	}
}

func TestAnUploadThatBreaksOffIsAborted(t *testing.T) {
	var asked []string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		willing(w, r)
	}))
	defer upstream.Close()
	handler := load(t, new(Upload), "mlflow_upload {\nupstream "+upstream.Listener.Addr().String()+"\nstore http://store:9000/mlflow\nmin_size 1\n}")
	broken := errors.New("the client has gone")
	next := middlewareFunc(func(http.ResponseWriter, *http.Request, caddyhttp.Handler) error {
		return caddyhttp.Error(http.StatusBadGateway, broken)
	})

	got := send(request(http.MethodPut, fileAddress, "x"), []caddyhttp.MiddlewareHandler{handler, next})
	if got.status != http.StatusBadGateway || len(asked) != 2 || !strings.Contains(asked[1], "/mpu/abort/") {
		t.Errorf("answered %d and asked %v", got.status, asked)
	}
}
