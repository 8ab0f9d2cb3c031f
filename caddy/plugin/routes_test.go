package gateway

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// routesFile is the list of routes that the gateway is deployed with.
const routesFile = "../routes.json"

// deployed reads routes.json without the code under test, and loads mlflow_access with it.
func deployed(t *testing.T) (file routeFile, withFeatures func(...string) map[Role][]caddyhttp.MiddlewareHandler) {
	t.Helper()
	text, err := os.ReadFile(routesFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file, func(features ...string) map[Role][]caddyhttp.MiddlewareHandler {
		access := load(t, new(Access), "mlflow_access {\nroutes "+routesFile+"\nartifact_root mlflow-artifacts:/\nfeatures "+strings.Join(features, " ")+"\n}")
		handlers := make(map[Role][]caddyhttp.MiddlewareHandler)
		for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
			handlers[role] = []caddyhttp.MiddlewareHandler{loggedIn{fixedUser{role: role, workspace: "one"}}, access}
		}
		return handlers
	}
}

func allFeatures(file routeFile) []string {
	var features []string
	for _, group := range file.Groups {
		if group.Feature != "" && !slices.Contains(features, group.Feature) {
			features = append(features, group.Feature)
		}
	}
	return features
}

var (
	restParameter = regexp.MustCompile(`\{\w+\.\.\.\}`)
	parameter     = regexp.MustCompile(`\{\w+\}`)
)

// requestsOf returns an example for each method and path that a route has.
func requestsOf(route string) [][2]string {
	methods, pattern, _ := strings.Cut(route, " ")
	if methods == "*" {
		methods = strings.Join(knownMethods, "|")
	}
	// "one" is the workspace of the callers in these tests.
	address := parameter.ReplaceAllString(restParameter.ReplaceAllString(pattern, "some/more"), "one")
	addresses := []string{address}
	if rest, ok := strings.CutPrefix(address, "/api/"); ok {
		addresses = append(addresses, "/ajax-api/"+rest)
	}
	var requests [][2]string
	for method := range strings.SplitSeq(methods, "|") {
		for _, address := range addresses {
			requests = append(requests, [2]string{method, address})
			if method == http.MethodGet {
				requests = append(requests, [2]string{http.MethodHead, address})
			}
		}
	}
	return requests
}

// bodies has examples of bodies for each need that the body decides, with the role that each example needs.
var bodies = map[string]map[string]Role{
	needGraphQL:          {`{"query":"{ mlflowGetRun { run { info { runId } } } }"}`: RoleRead, `{"query":"mutation { mlflowDeleteEverything }"}`: RoleAdmin},
	needCreateExperiment: {`{"name":"a"}`: RoleWrite, `{"name":"a","artifact_location":"s3://elsewhere"}`: RoleAdmin},
	needParts:            {`{"path":"a","num_parts":2}`: RoleWrite},
	needTraceTags:        {`{"key":"a","value":"b"}`: RoleWrite, `{"key":"mlflow.artifactLocation","value":"s3://elsewhere"}`: RoleAdmin},
}

// needs returns the role that each body of a route needs. Zero means that nobody may use the route.
func needs(t *testing.T, group routeGroup) map[string]Role {
	t.Helper()
	if list, ok := bodies[group.Need]; ok {
		return list
	}
	switch group.Need {
	case needClosed:
		return map[string]Role{"": 0}
	case needWorkspace:
		return map[string]Role{"": RoleRead}
	case needScorer:
		// All features are on.
		return map[string]Role{"": RoleAdmin}
	default:
		role, err := parseRole(group.Need)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]Role{"": role}
	}
}

func TestEachDeployedRouteNeedsWhatItsGroupSays(t *testing.T) {
	file, withFeatures := deployed(t)
	handlers := withFeatures(allFeatures(file)...)
	routes, requests := 0, 0
	for _, group := range file.Groups {
		for _, route := range group.Routes {
			routes++
			for _, call := range requestsOf(route) {
				for body, need := range needs(t, group) {
					for role, chain := range handlers {
						requests++
						got := send(request(call[0], call[1], body), chain)
						want := "204 "
						switch {
						case need == 0:
							want = "404 ENDPOINT_NOT_FOUND"
						case role < need:
							want = "403 PERMISSION_DENIED"
						case group.Need == needWorkspace && role < RoleAdmin && !strings.HasSuffix(call[1], "/one"):
							// The gateway itself answers with the caller's own workspace.
							want = "200 "
						}
						if answered := statusAndCode(got); answered != want {
							t.Errorf("%s %s %s by %s is answered %s, not %s", call[0], call[1], body, role, answered, want)
						}
						if want == "204 " && got.passed == nil || want != "204 " && got.passed != nil {
							t.Errorf("%s %s %s by %s: reaches MLflow: %v", call[0], call[1], body, role, got.passed != nil)
						}
						if class := orDefault(group.Body, bodySmall); got.vars[bodyVar] != class {
							t.Errorf("%s %s has a body of the class %v, not %s", call[0], call[1], got.vars[bodyVar], class)
						}
					}
				}
			}
		}
	}
	t.Logf("%d requests for %d routes", requests, routes)
	if routes < 250 || requests < 6*routes {
		t.Errorf("only %d requests for %d routes", requests, routes)
	}
}

func TestEachDeployedRouteOfAFeatureIsRefusedWhileItIsOff(t *testing.T) {
	file, withFeatures := deployed(t)
	handlers := withFeatures()
	refused := map[string]int{}
	for _, group := range file.Groups {
		if group.Feature == "" {
			continue
		}
		for _, route := range group.Routes {
			for _, call := range requestsOf(route) {
				for role, chain := range handlers {
					got := send(request(call[0], call[1], ""), chain)
					if answered := statusAndCode(got); answered != "403 FEATURE_DISABLED" || got.passed != nil {
						t.Errorf("%s %s by %s is answered %s", call[0], call[1], role, answered)
					}
					refused[group.Feature]++
				}
			}
		}
	}
	if len(refused) == 0 || len(refused) != len(allFeatures(file)) {
		t.Errorf("tried only the features %v", refused)
	}
}

func TestAddressesThatNoDeployedRouteHasAreForAdmins(t *testing.T) {
	file, withFeatures := deployed(t)
	handlers := withFeatures(allFeatures(file)...)
	calls := [][2]string{
		{"GET", "/unknown"}, {"POST", "/api/2.0/mlflow/unknown"}, {"GET", "/ajax-api/4.0/mlflow/runs/get"}, {"POST", "/version"},
		{"DELETE", "/api/2.0/mlflow/runs/get"}, {"PUT", "/"}, {"PATCH", "/api/2.0/mlflow/experiments/create"},
	}
	for _, group := range file.Groups {
		for _, route := range group.Routes {
			for _, call := range requestsOf(route) {
				if call[0] == http.MethodOptions {
					continue
				}
				calls = append(calls, [2]string{call[0], "/unknown" + call[1]})
				if upper := strings.ToUpper(call[1]); upper != call[1] {
					calls = append(calls, [2]string{call[0], upper})
				}
			}
		}
	}
	for _, call := range calls {
		for role, chain := range handlers {
			got := send(request(call[0], call[1], ""), chain)
			want := "403 PERMISSION_DENIED"
			if role == RoleAdmin {
				want = "204 "
			}
			if answered := statusAndCode(got); answered != want {
				t.Errorf("%s %s by %s is answered %s, not %s", call[0], call[1], role, answered, want)
			}
		}
	}
}

// These hold whatever the rest of the file says.
func TestDeployedRoutesKeepWhatIsDangerousFromEveryoneElse(t *testing.T) {
	file, withFeatures := deployed(t)
	handlers := withFeatures(allFeatures(file)...)
	for call, lowest := range map[string]Role{
		"GET /ajax-api/3.0/mlflow/assistant/config":                   0,
		"PUT /ajax-api/3.0/mlflow/assistant/a/b/c":                    0,
		"POST /gateway/proxy/openai/v1/files":                         0,
		"POST /gateway/proxy/mlflow/invocations":                      0,
		"GET /metrics":                                                0,
		"GET /graphql":                                                0,
		"DELETE /api/2.0/mlflow-artifacts/artifacts/1/run/artifacts":  RoleAdmin,
		"POST /ajax-api/3.0/mlflow/traces/delete-traces":              RoleAdmin,
		"PUT /api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/a.b": RoleWrite,
	} {
		method, address, _ := strings.Cut(call, " ")
		for role, chain := range handlers {
			got := send(request(method, address, ""), chain)
			if reaches := got.passed != nil; reaches != (lowest != 0 && role >= lowest) {
				t.Errorf("%s by %s is answered %s", call, role, statusAndCode(got))
			}
		}
	}
	for _, group := range file.Groups {
		for _, route := range group.Routes {
			if methods, _, _ := strings.Cut(route, " "); group.Need == "read" && strings.Contains(methods, http.MethodDelete) {
				t.Errorf("%s needs the role read only", route)
			}
		}
	}
}
