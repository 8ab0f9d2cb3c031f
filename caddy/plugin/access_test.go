package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// testRoutes has a route of each kind, for tests that must not depend on MLflow's routes.
const testRoutes = `{
  "mlflow": "3.17.2",
  "groups": [
    { "need": "read", "routes": [
      "GET /", "GET /version", "GET /static-files/{path...}",
      "GET /api/2.0/mlflow/experiments/get", "GET /api/2.0/mlflow-artifacts/artifacts", "POST /api/2.0/mlflow/runs/search",
      "GET /api/3.0/mlflow/traces/{trace_id}", "GET /api/3.0/mlflow/traces/latest/{name}"
    ] },
    { "need": "write", "routes": ["POST /api/2.0/mlflow/runs/create", "PUT|PATCH /api/2.0/mlflow/runs/update"] },
    { "need": "write", "body": "traces", "routes": ["POST /v1/traces"] },
    { "need": "write", "body": "records", "routes": ["POST /api/3.0/mlflow/datasets/{dataset_id}/records"] },
    { "need": "read", "body": "artifact", "routes": ["GET /api/2.0/mlflow-artifacts/artifacts/{path...}"] },
    { "need": "write", "body": "artifact", "routes": ["PUT /api/2.0/mlflow-artifacts/artifacts/{path...}"] },
    { "need": "admin", "routes": ["DELETE /api/2.0/mlflow-artifacts/artifacts/{path...}"] },
    { "need": "admin", "feature": "webhooks", "routes": ["GET|POST /api/2.0/mlflow/webhooks"] },
    { "need": "read", "feature": "aiGateway", "routes": ["GET /api/3.0/mlflow/gateway/endpoints/list"] },
    { "need": "closed", "why": "starts programs", "routes": ["* /api/3.0/mlflow/assistant/{rest...}", "* /metrics"] },
    { "need": "closed", "feature": "metrics", "routes": ["GET /figures"] },
    { "need": "graphql", "routes": ["GET|POST /graphql"] },
    { "need": "create-experiment", "routes": ["POST /api/2.0/mlflow/experiments/create"] },
    { "need": "workspace", "feature": "workspaces", "routes": ["GET /api/3.0/mlflow/workspaces", "GET /api/3.0/mlflow/workspaces/{workspace_name}"] },
    { "need": "trace-tags", "routes": [
      "POST /api/2.0/mlflow/traces", "PATCH /api/2.0/mlflow/traces/{request_id}",
      "POST /api/3.0/mlflow/traces", "DELETE|PATCH /api/3.0/mlflow/traces/{trace_id}/tags"
    ] }
  ],
  "graphql": { "read": ["mlflowGetRun", "mlflowSearchRuns", "__schema"] }
}`

func accessAs(t testing.TB, role Role, more ...string) []caddyhttp.MiddlewareHandler {
	t.Helper()
	access := load(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", testRoutes)+
		"\nartifact_root mlflow-artifacts:/\n"+strings.Join(more, "\n")+"\n}")
	return []caddyhttp.MiddlewareHandler{asRole(role), access}
}

func TestEachRouteNeedsItsRole(t *testing.T) {
	cases := []struct {
		request string
		// The lowest role that may send it. Zero means that nobody may.
		need    Role
		pattern string
		body    string
	}{
		{"GET /", RoleRead, "/", "small"},
		{"HEAD /", RoleRead, "/", "small"},
		{"GET /version", RoleRead, "/version", "small"},
		{"GET /version/", RoleRead, "/version", "small"},
		{"OPTIONS /version", RoleRead, "", "small"},
		{"OPTIONS /no/such/address", RoleRead, "", "small"},
		{"POST /version", RoleAdmin, "", "small"},
		{"GET /Version", RoleAdmin, "", "small"},
		{"GET /version;a=b", RoleAdmin, "", "small"},
		{"GET /version.", RoleAdmin, "", "small"},
		{"GET /no/such/address", RoleAdmin, "", "small"},
		{"GET /static-files/static/js/main.js", RoleRead, "/static-files/{path...}", "small"},
		{"GET /static-files", RoleAdmin, "", "small"},
		{"GET /static-files/", RoleAdmin, "", "small"},
		{"GET /api/2.0/mlflow/experiments/get?experiment_id=1", RoleRead, "/api/2.0/mlflow/experiments/get", "small"},
		{"GET /ajax-api/2.0/mlflow/experiments/get", RoleRead, "/api/2.0/mlflow/experiments/get", "small"},
		{"GET /api/3.0/mlflow/experiments/get", RoleAdmin, "", "small"},
		{"GET /api/2.0/mlflow/%65xperiments/get", RoleRead, "/api/2.0/mlflow/experiments/get", "small"},
		{"POST /api/2.0/mlflow/runs/search", RoleRead, "/api/2.0/mlflow/runs/search", "small"},
		{"POST /ajax-api/2.0/mlflow/runs/create", RoleWrite, "/api/2.0/mlflow/runs/create", "small"},
		{"PATCH /api/2.0/mlflow/runs/update", RoleWrite, "/api/2.0/mlflow/runs/update", "small"},
		{"POST /v1/traces", RoleWrite, "/v1/traces", "traces"},
		{"GET /api/3.0/mlflow/traces/tr-1", RoleRead, "/api/3.0/mlflow/traces/{trace_id}", "small"},
		{"GET /api/3.0/mlflow/traces/latest", RoleRead, "/api/3.0/mlflow/traces/{trace_id}", "small"},
		{"GET /api/3.0/mlflow/traces/latest/a", RoleRead, "/api/3.0/mlflow/traces/latest/{name}", "small"},
		{"GET /api/3.0/mlflow/traces/other/a", RoleAdmin, "", "small"},
		{"GET /api/3.0/mlflow/traces", RoleAdmin, "", "small"},
		{"GET /api/2.0/mlflow-artifacts/artifacts/1/a/model.pkl", RoleRead, "/api/2.0/mlflow-artifacts/artifacts/{path...}", "artifact"},
		{"PUT /ajax-api/2.0/mlflow-artifacts/artifacts/1/a", RoleWrite, "/api/2.0/mlflow-artifacts/artifacts/{path...}", "artifact"},
		{"DELETE /api/2.0/mlflow-artifacts/artifacts/1/a", RoleAdmin, "/api/2.0/mlflow-artifacts/artifacts/{path...}", "small"},
		{"GET /api/2.0/mlflow-artifacts/artifacts/", RoleRead, "/api/2.0/mlflow-artifacts/artifacts", "small"},
		{"GET /metrics", 0, "/metrics", "small"},
		{"POST /metrics/", 0, "/metrics", "small"},
		{"GET /ajax-api/3.0/mlflow/assistant/config", 0, "/api/3.0/mlflow/assistant/{rest...}", "small"},
		{"OPTIONS /ajax-api/3.0/mlflow/assistant/config", 0, "/api/3.0/mlflow/assistant/{rest...}", "small"},
	}
	table, err := parseRoutes([]byte(testRoutes))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range cases {
		t.Run(test.request, func(t *testing.T) {
			method, address, _ := strings.Cut(test.request, " ")
			path, _ := unambiguousPath(get(address).URL)
			if found, _ := table.find(method, path); found != nil && found.pattern != test.pattern || found == nil && test.pattern != "" {
				t.Fatalf("is the route %v", found)
			}
			for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
				got := send(httptest.NewRequest(method, address, nil), accessAs(t, role))
				switch {
				case test.need == 0:
					expectStatus(t, got, http.StatusNotFound, "ENDPOINT_NOT_FOUND")
				case role >= test.need:
					expectStatus(t, got, http.StatusNoContent, "")
				default:
					expectStatus(t, got, http.StatusForbidden, "PERMISSION_DENIED")
					if !strings.Contains(got.message, "the role "+test.need.String()) {
						t.Errorf("does not name the role: %s", got.message)
					}
				}
				if got.vars[bodyVar] != test.body {
					t.Fatalf("has a body of the class %v", got.vars[bodyVar])
				}
			}
		})
	}
}

func TestAPathThatCouldBeReadInTwoWaysIsRefusedToEverybody(t *testing.T) {
	const artifacts = "/api/2.0/mlflow-artifacts/artifacts/"
	paths := []string{
		"//version", "/x//version", "/./version", "/x/../version", "/x/..", "/version/.", "/%2e%2e/version", "/x/%2E%2e/version",
		"/%2fversion", "/x%5Cversion", `/x\version`, "/version%00", "/version%0a", "/%0d%0aversion", "/version%7f",
		"/%ff", "/%c0%af", "/%ed%a0%80", "/versio%256e", "/%252fversion", "/x/%252e%252e/version", "/version%E2%80%A8",
		artifacts + "..", artifacts + "1/../2", artifacts + "1/%2e%2e/2", artifacts + "1/..%2f2", artifacts + "%2fetc", artifacts + "1//2",
		artifacts + "1/%252e%252e/2", artifacts + "1/%25252e%25252e/2", artifacts + "%252fetc", artifacts + "%5cetc", artifacts + "%255cetc",
		artifacts + "c:%5cetc", artifacts + "1%5c..%5c2", artifacts + "1/a%255c..", artifacts + "..%255ca", artifacts + "1/a%5c%252e.%5cb",
		"/api/3.0/mlflow/traces/a%5cb", artifacts + "1/..%252f2", artifacts + "1/a%0ab", "/version? HTTP/1.1", "/version?a=#b", "/version?a=\u0085",
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			r := get("/")
			raw, err := url.ParseRequestURI(path)
			if err != nil {
				t.Fatal(err)
			}
			r.URL, r.RequestURI = raw, path
			expectStatus(t, send(r, accessAs(t, RoleAdmin)), http.StatusBadRequest, "BAD_REQUEST")
		})
	}
}

func TestNamesOfArtifactsArriveAsTheyAre(t *testing.T) {
	const artifacts = "/api/2.0/mlflow-artifacts/artifacts/"
	for escaped, path := range map[string]string{
		"1/a%20b.txt":          "1/a b.txt",
		"1/100%25.txt":         "1/100%.txt",
		"1/a%2520b":            "1/a%20b",
		"1/a+b":                "1/a+b",
		"1/a%23b%3Fc":          "1/a#b?c",
		"1/%E6%97%A5%E6%9C%AC": "1/日本",
		"1/..a/b../...":        "1/..a/b../...",
		// Images of a series, as clients from 2.11 to 3.9 name them: key, step, time and a random id.
		"1/images/dog%25step%250%25timestamp%251732000000000%255c2d7a10.png":          "1/images/dog%step%0%timestamp%1732000000000%5c2d7a10.png",
		"1/images/val%23dog%25step%252500%25timestamp%251899999999999%25ffd7a10.webp": "1/images/val#dog%step%2500%timestamp%1899999999999%ffd7a10.webp",
		"1/images/dog%25step%2520%25timestamp%251700000000000%252fd7a10%2500.png":     "1/images/dog%step%20%timestamp%1700000000000%2fd7a10%00.png",
		// The name that MLflow lists for the first of them.
		"1/images/dog%25step%250%25timestamp%251732000000000%5C2d7a10.png": "1/images/dog%step%0%timestamp%1732000000000\\2d7a10.png",
		"1/a;b=c&d@e:f,g!(h)'": "1/a;b=c&d@e:f,g!(h)'",
	} {
		got := send(get(artifacts+escaped), accessAs(t, RoleRead))
		expectStatus(t, got, http.StatusNoContent, "")
		if got.passed.URL.Path != artifacts+path {
			t.Errorf("%s went on as %s", escaped, got.passed.URL.Path)
		}
		if strings.Contains(got.passed.URL.RequestURI(), " ") || got.passed.URL.RawPath != "" {
			t.Errorf("%s is sent as %s", escaped, got.passed.URL.RequestURI())
		}
	}
}

func TestMethodsThatMLflowDoesNotHaveAreRefused(t *testing.T) {
	for _, method := range []string{"get", "TRACE", "CONNECT", "PROPFIND", "G\x00T"} {
		r := get("/version")
		r.Method = method
		expectStatus(t, send(r, accessAs(t, RoleAdmin)), http.StatusMethodNotAllowed, "BAD_REQUEST")
	}
}

func TestAFeatureThatIsOffSaysHowToSwitchItOn(t *testing.T) {
	got := send(get("/api/2.0/mlflow/webhooks"), accessAs(t, RoleAdmin))
	expectStatus(t, got, http.StatusForbidden, "FEATURE_DISABLED")
	if got.message != "webhooks is switched off. To switch it on, set server.features.webhooks of MlflowStack." {
		t.Errorf("says %s", got.message)
	}

	got = send(get("/api/3.0/mlflow/gateway/endpoints/list"), accessAs(t, RoleAdmin))
	if got.message != "aiGateway is switched off. To switch it on, set server.features.aiGateway of MlflowStack." {
		t.Errorf("says %s", got.message)
	}

	// Also for a route that is closed to everybody while its feature is on.
	expectStatus(t, send(get("/figures"), accessAs(t, RoleAdmin)), http.StatusForbidden, "FEATURE_DISABLED")
	expectStatus(t, send(get("/figures"), accessAs(t, RoleAdmin, "features metrics")), http.StatusNotFound, "ENDPOINT_NOT_FOUND")

	const on = "features webhooks"
	expectStatus(t, send(get("/api/2.0/mlflow/webhooks"), accessAs(t, RoleAdmin, on)), http.StatusNoContent, "")
	expectStatus(t, send(get("/api/2.0/mlflow/webhooks"), accessAs(t, RoleWrite, on)), http.StatusForbidden, "PERMISSION_DENIED")
	expectStatus(t, send(get("/api/3.0/mlflow/gateway/endpoints/list"), accessAs(t, RoleAdmin, on)), http.StatusForbidden, "FEATURE_DISABLED")
}

func TestNothingIsUpgraded(t *testing.T) {
	got := send(get("/version"), accessAs(t, RoleAdmin), with("Connection", "Upgrade"), with("Upgrade", "websocket"))
	expectStatus(t, got, http.StatusNoContent, "")
	if got.passed.Header.Get("Upgrade") != "" {
		t.Error("the upgrade went on")
	}
}

func TestNobodyPassesWithoutALoginBefore(t *testing.T) {
	got := send(get("/version"), accessAs(t, RoleAdmin)[1:])
	expectStatus(t, got, http.StatusInternalServerError, "")
	if got.passed != nil {
		t.Error("went on")
	}
}

func TestARouteFileThatCannotBeMeantIsRefused(t *testing.T) {
	group := func(text string) string { return `{"mlflow":"1","groups":[` + text + `]}` }
	cases := []struct{ name, text, reason string }{
		{"no JSON", "", "EOF"},
		{"an unknown key", `{"rules":[]}`, "unknown field"},
		{"no routes", `{"groups":[]}`, "there are no routes"},
		{"an unknown need", group(`{"need":"root","routes":["GET /"]}`), `unknown need "root"`},
		{"an unknown body", group(`{"need":"read","body":"huge","routes":["GET /"]}`), `unknown body "huge"`},
		{"no method", group(`{"need":"read","routes":["/version"]}`), "must be a method, a blank and a path"},
		{"no slash", group(`{"need":"read","routes":["GET version"]}`), "must be a method, a blank and a path"},
		{"a query", group(`{"need":"read","routes":["GET /version?a"]}`), "must be a method, a blank and a path"},
		{"an unknown method", group(`{"need":"read","routes":["FETCH /version"]}`), `unknown method "FETCH"`},
		{"half a parameter", group(`{"need":"read","routes":["GET /a{b}"]}`), "a parameter must be a whole segment"},
		{"an open parameter", group(`{"need":"read","routes":["GET /{b"]}`), "a parameter must be a whole segment"},
		{"a rest in the middle", group(`{"need":"read","routes":["GET /{b...}/c"]}`), "must be the last segment"},
		{"one route with two needs", group(`{"need":"read","routes":["GET /a/{b}"]},{"need":"write","routes":["GET /a/{c}"]}`), "is the same as GET /a/{b}"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := tryLoad(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", test.text)+"\n}")
			if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Fatalf("says %v, not %s", err, test.reason)
			}
		})
	}
	_, err := tryLoad(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", testRoutes)+"\nfeatures webhook\n}")
	if err == nil || !strings.Contains(err.Error(), `unknown feature "webhook": the routes know webhooks, aiGateway`) {
		t.Errorf("says %v", err)
	}
}
