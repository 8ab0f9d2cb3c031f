package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const anyCall = "/api/2.0/mlflow/experiments/get"

func inWorkspace(t testing.TB, role Role, workspace, features string) []caddyhttp.MiddlewareHandler {
	t.Helper()
	handlers := accessAs(t, role, features)
	handlers[0] = loggedIn{fixedUser{role: role, workspace: workspace}}
	return handlers
}

// sentWorkspaces returns the workspaces that MLflow gets, in every spelling of the header.
func sentWorkspaces(got received) []string {
	var found []string
	for name, values := range got.passed.Header {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), workspaceHeader) {
			found = append(found, values...)
		}
	}
	return found
}

func TestTheCallerSaysWhichWorkspace(t *testing.T) {
	cases := []struct {
		role            Role
		own, asked, got string
	}{
		{RoleRead, "", "", "default"},
		{RoleRead, "research", "", "research"},
		{RoleRead, "research", "other", "research"},
		{RoleWrite, "research", "other", "research"},
		{RoleWrite, "", "other", "default"},
		{RoleAdmin, "", "", "default"},
		{RoleAdmin, "research", "", "research"},
		{RoleAdmin, "research", " ", "research"},
		{RoleAdmin, "research", "other", "other"},
	}
	for _, c := range cases {
		handlers := inWorkspace(t, c.role, c.own, "features workspaces")
		got := send(get(anyCall), handlers, with(workspaceHeader, c.asked))
		expectStatus(t, got, http.StatusNoContent, "")
		if sent := sentWorkspaces(got); !slices.Equal(sent, []string{c.got}) {
			t.Errorf("%s of %q who asks for %q works in %q, not %q", c.role, c.own, c.asked, sent, c.got)
		}
	}
}

func TestNoOtherSpellingSaysWhichWorkspace(t *testing.T) {
	for _, role := range []Role{RoleRead, RoleAdmin} {
		for _, name := range []string{"X_MLFLOW_WORKSPACE", "X-MLFLOW_WORKSPACE", "x_mlflow-workspace", "x-mlflow-workspace"} {
			r := get(anyCall)
			r.Header[name] = []string{"other", "another"}
			if sent := sentWorkspaces(send(r, inWorkspace(t, role, "research", "features workspaces"))); !slices.Equal(sent, []string{"research"}) {
				t.Errorf("%s by a %s: works in %q", name, role, sent)
			}
			r = get(anyCall)
			r.Header[name] = []string{"other"}
			if sent := sentWorkspaces(send(r, inWorkspace(t, role, "research", ""))); len(sent) > 0 {
				t.Errorf("%s by a %s while workspaces are off: works in %q", name, role, sent)
			}
		}
	}
}

func TestOnlyAdminsKnowOtherWorkspaces(t *testing.T) {
	for _, role := range []Role{RoleRead, RoleWrite} {
		handlers := inWorkspace(t, role, "research", "features workspaces")
		got := send(get("/api/3.0/mlflow/workspaces"), handlers)
		expectStatus(t, got, http.StatusOK, "")
		if got.passed != nil || got.body != `{"workspaces":[{"name":"research"}]}`+"\n" {
			t.Errorf("%s sees %q", role, got.body)
		}
		expectStatus(t, send(get("/ajax-api/3.0/mlflow/workspaces/research"), handlers), http.StatusNoContent, "")
		for _, other := range []string{"other", "default", "my-research"} {
			expectStatus(t, send(get("/api/3.0/mlflow/workspaces/"+other), handlers), http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST")
		}
	}
	handlers := inWorkspace(t, RoleAdmin, "research", "features workspaces")
	for _, path := range []string{"/api/3.0/mlflow/workspaces", "/api/3.0/mlflow/workspaces/other"} {
		expectStatus(t, send(get(path), handlers), http.StatusNoContent, "")
	}
	expectStatus(t, send(get("/api/3.0/mlflow/workspaces"), inWorkspace(t, RoleAdmin, "", "")), http.StatusForbidden, "FEATURE_DISABLED")
}

func TestWhatConnectionNamesGoesOnAllTheSame(t *testing.T) {
	for _, connection := range []string{workspaceHeader, "x-mlflow-workspace, X-Request-Id", "keep-alive, " + workspaceHeader, "Upgrade"} {
		handlers := inWorkspace(t, RoleWrite, "research", "features workspaces")
		got := send(get(anyCall), handlers, with("Connection", connection), with("Upgrade", "websocket"))
		if sent := sentWorkspaces(got); !slices.Equal(sent, []string{"research"}) || got.passed.Header["Connection"] != nil {
			t.Errorf("Connection %q: works in %q, and %q goes on", connection, sent, got.passed.Header["Connection"])
		}
	}
}

func TestOnlyAdminsSeeTheFolderOfAllWorkspaces(t *testing.T) {
	const list = "/api/2.0/mlflow-artifacts/artifacts"
	others := []string{
		list + "?path=workspaces", list + "?path=workspaces/", list + "?path=/workspaces", list + "?path=%77orkspaces",
		list + "?path=%2577orkspaces", list + "?path=%252577orkspaces", list + "?path=workspaces;", list + "?path=workspaces%3f",
		list + "?path=workspaces%23", list + "?path=file:workspaces", list + "?path=file:%77orkspaces", list + "?path=work%09spaces",
		list + "?path=%20workspaces", list + "?path=+workspaces", list + "?p%61th=workspaces", list + "?path=1&path=workspaces",
		list + "/workspaces", list + "/%77orkspaces", list + "/workspaces;", "/ajax-api/2.0/mlflow-artifacts/artifacts?path=workspaces",
	}
	for _, role := range []Role{RoleRead, RoleWrite} {
		for _, own := range []string{"", "default", "research"} {
			handlers := inWorkspace(t, role, own, "features workspaces")
			for _, address := range others {
				got := send(get(address), handlers)
				if got.code != "BAD_REQUEST" && !strings.Contains(got.message, "all workspaces") {
					t.Errorf("%s of %q gets %d %s for %s", role, own, got.status, got.message, address)
				}
			}
			for _, address := range []string{
				list, list + "?path=", list + "?path=1/abc/artifacts/workspaces", list + "?path=my-workspaces", list + "/1/abc/artifacts/workspaces",
				list + "?path=1/a%20b%3f", list + "/1/abc/artifacts/a%20b", list + "?path=workspaces/research",
			} {
				expectStatus(t, send(get(address), handlers), http.StatusNoContent, "")
			}
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := send(request(method, list, `{"path":"workspaces"}`), handlers)
				expectStatus(t, got, http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
			}
		}
	}
	for _, handlers := range [][]caddyhttp.MiddlewareHandler{
		inWorkspace(t, RoleAdmin, "", "features workspaces"), inWorkspace(t, RoleRead, "", ""),
	} {
		expectStatus(t, send(get(others[0]), handlers), http.StatusNoContent, "")
	}
}

func TestAUserHasAWorkspace(t *testing.T) {
	lines := writeUsers(t,
		testUser{name: "ada", role: "write", password: "correct horse", workspace: "team-a"},
		testUser{name: "bob", role: "admin", password: "correct horse"})
	login := load(t, new(Login), "mlflow_login {\n"+lines+"}")
	for name, workspace := range map[string]string{"ada": "team-a", "bob": ""} {
		got := send(get("/"), []caddyhttp.MiddlewareHandler{login}, with("Authorization", basicHeader(name, "correct horse")))
		if got.identity == nil || got.identity.Workspace() != workspace {
			t.Errorf("%s is %v", name, got.identity)
		}
	}
	for _, workspace := range []string{"a", "A-Team", "team_a", "-team", "team-", "team a", strings.Repeat("a", 64)} {
		lines := writeUsers(t, testUser{name: "ada", role: "admin", password: "correct horse", workspace: workspace})
		if _, err := tryLoad(t, new(Login), "mlflow_login {\n"+lines+"}"); err == nil || !strings.Contains(err.Error(), "is not a name of a workspace") {
			t.Errorf("%q: %v", workspace, err)
		}
	}
}
