package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

const auditRoutes = `{
  "mlflow": "3.17.2",
  "groups": [
    { "need": "read", "routes": ["GET /api/2.0/mlflow/experiments/get"] },
    { "need": "write", "routes": ["POST /api/2.0/mlflow/runs/create"] },
    { "need": "admin", "routes": ["DELETE /api/2.0/mlflow/registered-models/delete", "GET|POST /api/2.0/mlflow/webhooks"] }
  ],
  "graphql": { "read": [] }
}`

func TestTheLogMarksActsOfAdmins(t *testing.T) {
	rea := testUser{name: "rea", role: "read", password: "reading is fine"}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Not copied, because a server discards the rest of a request when its answer begins.
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	t.Cleanup(echo.Close)
	port, file := runLoggingCaddy(t, fmt.Sprintf(`
		mlflow_login {
			%s
		}
		mlflow_access {
			routes %s
		}
		reverse_proxy %s`, writeUsers(t, ada, rea), writeFile(t, "routes.json", auditRoutes), strings.TrimPrefix(echo.URL, "http://")))
	long := strings.Repeat("é", 300)
	bodies := []string{
		`{"name": "churn", "secret": "s3cr3t"}`,
		`{"name": "hook", "url": "https://hooks.example.com/s3cr3t", "version": 3, "experiment_id": {"s3cr3t": 1}}`,
		`not JSON s3cr3t`,
		`{"name": "` + long + `"}`,
		`{"name": "refused"}`,
		`{"name": "a run"}`,
		``,
	}
	calls := []struct{ user, password, method, path string }{
		{ada.name, ada.password, "DELETE", "/api/2.0/mlflow/registered-models/delete"},
		{ada.name, ada.password, "POST", "/ajax-api/2.0/mlflow/webhooks"},
		{ada.name, ada.password, "POST", "/api/2.0/mlflow/webhooks"},
		{ada.name, ada.password, "POST", "/unknown"},
		{rea.name, rea.password, "DELETE", "/api/2.0/mlflow/registered-models/delete"},
		{ada.name, ada.password, "POST", "/api/2.0/mlflow/runs/create"},
		{ada.name, ada.password, "GET", "/api/2.0/mlflow/webhooks"},
	}
	var got []string
	for i, call := range calls {
		_, answer := exchange(t, "127.0.0.1:"+port, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s",
			call.method, call.path, basicHeader(call.user, call.password), len(bodies[i]), bodies[i]))
		if call.user == ada.name && !strings.Contains(answer, bodies[i]) {
			t.Errorf("%s: the body %q did not come through: %d of %d bytes", call.path, bodies[i], len(answer), len(bodies[i]))
		}
		// A line is written after its answer, so the next call's could come before it.
		got = eventuallyLines(t, file, i+1)
	}
	type line struct {
		User   string `json:"user_id"`
		Status int
		Audit  string
		Object map[string]string `json:"audit_object"`
	}
	want := []line{
		{"ada", 200, "DELETE /api/2.0/mlflow/registered-models/delete", map[string]string{"name": "churn"}},
		{"ada", 200, "POST /api/2.0/mlflow/webhooks", map[string]string{"name": "hook", "version": "3"}},
		{"ada", 200, "POST /api/2.0/mlflow/webhooks", nil},
		{"ada", 200, "POST another address", map[string]string{"name": strings.Repeat("é", 200) + "…"}},
		{"rea", 403, "DELETE /api/2.0/mlflow/registered-models/delete", nil},
		{"ada", 200, "", nil},
		{"ada", 200, "", nil},
	}
	if len(got) != len(want) {
		t.Fatalf("the log has %d lines, not %d", len(got), len(want))
	}
	for i, text := range got {
		var entry line
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(entry, want[i]) {
			t.Errorf("the log has %+v, not %+v", entry, want[i])
		}
	}
	if strings.Contains(strings.Join(got, ""), "s3cr3t") {
		t.Errorf("the log has a secret: %s", got)
	}
}
