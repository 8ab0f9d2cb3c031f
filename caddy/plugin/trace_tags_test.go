package gateway

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

func TestMovingTheFilesOfATraceIsForAdmins(t *testing.T) {
	const tags = "/ajax-api/3.0/mlflow/traces/tr-1/tags"
	for _, c := range []struct {
		method, address, body string
		need                  Role
	}{
		{http.MethodPatch, tags, `{"key":"team","value":"a"}`, RoleWrite},
		{http.MethodPatch, tags, `{"key":"mlflow.artifactLocation","value":"mlflow-artifacts:/1"}`, RoleAdmin},
		{http.MethodPatch, tags, `{"key":"mlflow.trace.archiveLocation","value":"mlflow-artifacts:/1"}`, RoleAdmin},
		{http.MethodPatch, tags, `{"key":"mlflow.artifact\u004cocation","value":"s3://other"}`, RoleAdmin},
		{http.MethodPatch, tags, `"{\"key\":\"mlflow.artifactLocation\",\"value\":\"s3://other\"}"`, RoleAdmin},
		{http.MethodPatch, "/api/2.0/mlflow/traces/tr-1", `{"tags":[{"key":"mlflow.artifactLocation","value":"s3://other"}]}`, RoleAdmin},
		{http.MethodPatch, "/api/2.0/mlflow/traces/tr-1", `{"status":"OK","tags":[{"key":"team","value":"a"}]}`, RoleWrite},
		{http.MethodPatch, tags, "", RoleWrite},
		{http.MethodDelete, tags + "?key=team", "", RoleWrite},
		{http.MethodDelete, tags + "?key=mlflow.artifact%4Cocation", "", RoleAdmin},
		{http.MethodDelete, tags, `{"key":"mlflow.trace.archiveLocation"}`, RoleAdmin},
		{http.MethodPost, "/api/2.0/mlflow/traces", `{"tags":[{"key":"team","value":"a"}]}`, RoleWrite},
		{http.MethodPost, "/api/2.0/mlflow/traces", `{"tags":[{"key":"mlflow.trace.archiveLocation","value":"s3://other"}]}`, RoleAdmin},
		{http.MethodPost, "/api/3.0/mlflow/traces", `{"trace":{"trace_info":{"tags":{"team":"a"}}}}`, RoleWrite},
		{http.MethodPost, "/ajax-api/3.0/mlflow/traces", `{"trace":{"trace_info":{"tags":{"mlflow.artifactLocation":"s3://other"}}}}`, RoleAdmin},
		{http.MethodPost, "/api/3.0/mlflow/traces", `{"trace":{"traceInfo":{"tags":{"mlflow.trace.archiveL\u006fcation":"s3://other"}}}}`, RoleAdmin},
	} {
		t.Run(c.method+" "+c.address+" "+c.body, func(t *testing.T) {
			for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
				got := send(request(c.method, c.address, c.body), accessAs(t, role))
				if role < c.need {
					expectStatus(t, got, http.StatusForbidden, "PERMISSION_DENIED")
				} else {
					expectStatus(t, got, http.StatusNoContent, "")
				}
			}
		})
	}
}

func TestMovingTheFilesOfATraceByOpenTelemetryIsForAdmins(t *testing.T) {
	const binary, json = "application/x-protobuf", "application/json"
	// Protobuf encodes a key with its length before it.
	attribute := func(key string) string { return "\x0a\x00\x5c" + string(rune(len(key))) + key + "\x12\x03\x0a\x01a" }
	for name, c := range map[string]struct {
		kind, body string
		need       Role
	}{
		"a tag":                        {binary, attribute("mlflow.traceTag.team"), RoleWrite},
		"a tag of MLflow":              {binary, attribute("mlflow.traceTag.mlflow.traceName"), RoleWrite},
		"another attribute":            {binary, attribute("mlflow.artifactLocation"), RoleWrite},
		"where the files are":          {binary, attribute("mlflow.traceTag.mlflow.artifactLocation"), RoleAdmin},
		"where old files are":          {binary, attribute("mlflow.traceTag.mlflow.trace.archiveLocation"), RoleAdmin},
		"a tag in JSON":                {json, `{"key":"mlflow.traceTag.team","value":"\"\\\/\u00fc\ud83d\ude00"}`, RoleWrite},
		"where the files are in JSON":  {json, `{"key":"mlflow.traceTag.mlflow.artifactLocation"}`, RoleAdmin},
		"the same with an escape":      {json, `{"key":"mlflow.traceTag.mlflow.artifact\u004Cocation"}`, RoleAdmin},
		"the same with only escapes":   {json + "; charset=utf-8", escapedWhole("mlflow.traceTag.mlflow.trace.archiveLocation"), RoleAdmin},
		"the same after another text":  {json, `"\\","\u005c","mlflow.traceTag.mlflow.artifactLocation"`, RoleAdmin},
		"the same for a careless type": {"Application/JSON", `"mlflow.traceTag.mlflow.\u0061rtifactLocation"`, RoleAdmin},
	} {
		for piece, reader := range map[string]func(io.Reader) io.Reader{
			"":                 func(r io.Reader) io.Reader { return r },
			" byte by byte":    iotest.OneByteReader,
			" half and half":   iotest.HalfReader,
			" after a lot":     func(r io.Reader) io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat(" ", 5000)), r) },
			" before a lot":    func(r io.Reader) io.Reader { return io.MultiReader(r, strings.NewReader(strings.Repeat(" ", 5000))) },
			" at a time's end": iotest.DataErrReader,
		} {
			t.Run(name+piece, func(t *testing.T) {
				for _, encoding := range []string{"", "gzip"} {
					for _, role := range []Role{RoleWrite, RoleAdmin} {
						body := reader(strings.NewReader(c.body))
						if encoding == "gzip" {
							body = packed(t, body)
						}
						r := httptest.NewRequest(http.MethodPost, "/v1/traces", body)
						r.ContentLength = -1
						got := send(r, accessAs(t, role), with("Content-Type", c.kind), with("Content-Encoding", encoding))
						if role < c.need {
							expectStatus(t, got, http.StatusForbidden, "PERMISSION_DENIED")
						} else {
							expectStatus(t, got, http.StatusNoContent, "")
							if !strings.Contains(got.passedBody, c.body) {
								t.Errorf("%q arrived", got.passedBody)
							}
						}
					}
				}
			})
		}
	}
}

func TestTracesInJSONAreInUTF8(t *testing.T) {
	var wide bytes.Buffer
	for _, unit := range utf16.Encode([]rune(`{"key":"a"}`)) {
		wide.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/traces", &wide)
	got := send(r, accessAs(t, RoleWrite), with("Content-Type", "application/json"))
	expectStatus(t, got, http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
}

// escapedWhole escapes every character of a text.
func escapedWhole(text string) string {
	var result strings.Builder
	for _, c := range text {
		const digits = "0123456789abcdef"
		result.WriteString(`\u00` + string(digits[c>>4]) + string(digits[c&15]))
	}
	return `"` + result.String() + `"`
}
