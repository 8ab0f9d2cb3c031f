package gateway

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// zeros returns a body whose length the client does not announce.
func zeros(length int64) io.Reader { return io.LimitReader(zeroReader{}, length) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func packed(t *testing.T, content io.Reader) *bytes.Buffer {
	t.Helper()
	var result bytes.Buffer
	writer := gzip.NewWriter(&result)
	if _, err := io.Copy(writer, content); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return &result
}

func TestBodiesAreLimitedByTheirRoute(t *testing.T) {
	const small, traces, artifact = "/api/2.0/mlflow/runs/create", "/v1/traces", "/api/2.0/mlflow-artifacts/artifacts/1/a"
	const records = "/api/3.0/mlflow/datasets/d-1/records"
	cases := []struct {
		name, path string
		length     int64
		allowed    bool
	}{
		{"a call at its limit", small, maxSmallBody, true},
		{"a call over its limit", small, maxSmallBody + 1, false},
		{"traces at their limit", traces, maxTraces, true},
		{"traces over their limit", traces, maxTraces + 1, false},
		{"records at their limit", records, maxRecords, true},
		{"records over their limit", records, maxRecords + 1, false},
		{"an artifact over both", artifact, maxTraces + 1, true},
	}
	for _, test := range cases {
		for _, declared := range []bool{true, false} {
			method := http.MethodPost
			if test.path == artifact {
				method = http.MethodPut
			}
			r := httptest.NewRequest(method, test.path, zeros(test.length))
			r.ContentLength = -1
			name := test.name + " of unknown length"
			if declared {
				r.ContentLength, name = test.length, test.name
			}
			t.Run(name, func(t *testing.T) {
				got := send(r, accessAs(t, RoleWrite))
				if test.allowed {
					expectStatus(t, got, http.StatusNoContent, "")
					if int64(len(got.passedBody)) != test.length {
						t.Errorf("%d bytes arrived", len(got.passedBody))
					}
					return
				}
				expectStatus(t, got, http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE")
				if !strings.Contains(got.message, "Send it in several calls.") {
					t.Errorf("does not say how to go on: %s", got.message)
				}
			})
		}
	}
}

func TestTracesAreUnpackedByTheGateway(t *testing.T) {
	traces := func(body io.Reader, encodings ...string) received {
		r := httptest.NewRequest(http.MethodPost, "/v1/traces", body)
		return send(r, accessAs(t, RoleWrite), with("Content-Encoding", encodings...))
	}
	got := traces(packed(t, strings.NewReader("spans")), "gzip")
	expectStatus(t, got, http.StatusNoContent, "")
	if got.passedBody != "spans" || got.passed.ContentLength != 5 || got.passed.Header.Get("Content-Encoding") != "" || got.passed.Header.Get("Content-Length") != "5" {
		t.Errorf("%q arrived with %v", got.passedBody, got.passed.Header)
	}
	both := packed(t, strings.NewReader("one "))
	both.Write(packed(t, strings.NewReader("two")).Bytes())
	if got := traces(both, "GZip"); got.passedBody != "one two" {
		t.Errorf("of two parts %q arrived", got.passedBody)
	}
	if got := traces(strings.NewReader("spans"), "identity"); got.passedBody != "spans" || got.passed.Header.Get("Content-Encoding") != "" {
		t.Errorf("unpacked traces arrived as %q", got.passedBody)
	}
	expectStatus(t, traces(packed(t, zeros(maxTraces)), "gzip"), http.StatusNoContent, "")
	expectStatus(t, traces(strings.NewReader("spans"), "gzip"), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	cut := packed(t, strings.NewReader("spans"))
	cut.Truncate(cut.Len() - 4)
	expectStatus(t, traces(cut, "gzip"), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	for _, encodings := range [][]string{{"br"}, {"gzip, gzip"}, {"gzip, deflate"}, {"gzip", "gzip"}, {"zstd"}, {"x-gzip"}} {
		expectStatus(t, traces(strings.NewReader("spans"), encodings...), http.StatusUnsupportedMediaType, "INVALID_PARAMETER_VALUE")
	}
}

func TestTracesInDeflateAreUnpackedWithAndWithoutZlibsHeader(t *testing.T) {
	deflated := func(open func(io.Writer) io.WriteCloser, content io.Reader) *bytes.Buffer {
		var result bytes.Buffer
		writer := open(&result)
		if _, err := io.Copy(writer, content); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		return &result
	}
	traces := func(body io.Reader) received {
		return send(httptest.NewRequest(http.MethodPost, "/v1/traces", body), accessAs(t, RoleWrite), with("Content-Encoding", "deflate"))
	}
	for name, open := range map[string]func(io.Writer) io.WriteCloser{
		"with": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"without": func(w io.Writer) io.WriteCloser {
			writer, err := flate.NewWriter(w, flate.BestSpeed)
			if err != nil {
				t.Fatal(err)
			}
			return writer
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := traces(deflated(open, strings.NewReader("spans")))
			expectStatus(t, got, http.StatusNoContent, "")
			if got.passedBody != "spans" || got.passed.Header.Get("Content-Encoding") != "" || got.passed.Header.Get("Content-Length") != "5" {
				t.Errorf("%q arrived with %v", got.passedBody, got.passed.Header)
			}
			expectStatus(t, traces(deflated(open, zeros(maxTraces))), http.StatusNoContent, "")
			expectStatus(t, traces(deflated(open, zeros(maxTraces+1))), http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE")
			cut := deflated(open, strings.NewReader("spans"))
			cut.Truncate(cut.Len() - 3)
			expectStatus(t, traces(cut), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
		})
	}
	for _, body := range []string{"spans that are not packed", "x"} {
		expectStatus(t, traces(strings.NewReader(body)), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	}
}

// MLflow may hold a whole body in memory, so it must not get one that is too large.
func TestALittleThatBecomesTooMuchNeverReachesMLflow(t *testing.T) {
	small := packed(t, zeros(maxTraces+1))
	if small.Len() > maxReadBody {
		t.Fatalf("%d bytes are not little", small.Len())
	}
	random := make([]byte, 2*maxReadBody)
	_, _ = rand.NewChaCha8([32]byte{}).Read(random)
	for name, c := range map[string]struct {
		body    io.Reader
		reaches bool
	}{
		"a little": {small, false},
		// A large body is unpacked while it passes, and breaks off at the limit.
		"a lot": {packed(t, io.MultiReader(bytes.NewReader(random), zeros(maxTraces))), true},
	} {
		t.Run(name, func(t *testing.T) {
			var reached int64
			upstream := handlerFunc(func(_ http.ResponseWriter, r *http.Request) (err error) {
				reached, err = io.Copy(io.Discard, r.Body)
				return err
			})
			r := httptest.NewRequest(http.MethodPost, "/v1/traces", c.body)
			got := send(r, append(accessAs(t, RoleWrite), upstream), with("Content-Encoding", "gzip"))
			expectStatus(t, got, http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE")
			if (reached > 0) != c.reaches || reached > maxTraces {
				t.Errorf("%d bytes went on", reached)
			}
		})
	}
}

func TestNoOtherCallIsUnpackedByAnybody(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		role         Role
		status       int
	}{
		"a call":             {http.MethodPost, "/api/2.0/mlflow/runs/create", RoleWrite, http.StatusUnsupportedMediaType},
		"an unknown call":    {http.MethodPost, "/api/2.0/mlflow/unknown", RoleAdmin, http.StatusUnsupportedMediaType},
		"a query of GraphQL": {http.MethodPost, "/graphql", RoleAdmin, http.StatusUnsupportedMediaType},
		"a new experiment":   {http.MethodPost, createExperiment, RoleAdmin, http.StatusUnsupportedMediaType},
		"a tag of a trace":   {http.MethodPatch, "/api/3.0/mlflow/traces/tr-1/tags", RoleAdmin, http.StatusUnsupportedMediaType},
		// A file is stored as it is sent.
		"a file": {http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1/a", RoleWrite, http.StatusNoContent},
	} {
		for _, encodings := range [][]string{{"gzip"}, {"deflate"}, {"zstd"}, {"br"}, {"GZip"}, {"gzip, gzip"}, {"identity", "gzip"}, {"x-gzip"}} {
			t.Run(name+" in "+strings.Join(encodings, " and "), func(t *testing.T) {
				body := packed(t, strings.NewReader("{}"))
				sent := body.String()
				got := send(httptest.NewRequest(c.method, c.path, body), accessAs(t, c.role), with("Content-Encoding", encodings...))
				if got.status != c.status {
					t.Fatalf("answered %d %s", got.status, got.message)
				}
				if got.passed != nil && got.passedBody != sent {
					t.Error("arrived as something else")
				}
			})
		}
		t.Run(name+" as it is", func(t *testing.T) {
			got := send(httptest.NewRequest(c.method, c.path, strings.NewReader(`{"query":"{mlflowGetRun}"}`)), accessAs(t, RoleAdmin), with("Content-Encoding", "identity"))
			expectStatus(t, got, http.StatusNoContent, "")
		})
	}
}

func TestACallKeepsItsType(t *testing.T) {
	got := send(request(http.MethodPost, "/api/2.0/mlflow/runs/create", "{}"), accessAs(t, RoleWrite), with("Content-Type", "application/json"))
	expectStatus(t, got, http.StatusNoContent, "")
	if got.passedBody != "{}" || got.passed.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%q arrived", got.passedBody)
	}
}

func TestAGetHasNoBody(t *testing.T) {
	const history = "/api/2.0/mlflow/metrics/get-history"
	unknownLength := func(r *http.Request) { r.ContentLength, r.TransferEncoding = -1, []string{"chunked"} }
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, body := range []string{`{"max_results": 1000000000}`, `{}`, " ", strings.Repeat("a", maxReadBody)} {
			for _, options := range [][]requestOption{nil, {unknownLength}} {
				got := send(request(method, history, body), accessAs(t, RoleAdmin), options...)
				expectStatus(t, got, http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
			}
		}
		// A client that sends chunks does not say beforehand that there are none.
		for _, options := range [][]requestOption{nil, {unknownLength}} {
			got := send(request(method, history, ""), accessAs(t, RoleAdmin), options...)
			expectStatus(t, got, http.StatusNoContent, "")
			if got.passed.ContentLength != 0 || len(got.passed.TransferEncoding) > 0 {
				t.Errorf("%s went on with a body of the length %d", method, got.passed.ContentLength)
			}
		}
		expectStatus(t, send(request(method, history, strings.Repeat("a", maxReadBody+1)), accessAs(t, RoleAdmin), unknownLength), http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE")
	}
}
