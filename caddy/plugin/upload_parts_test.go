package gateway

import (
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const judgedRoutes = `{
  "mlflow": "3.17.2",
  "groups": [
    { "need": "parts", "routes": ["POST /api/2.0/mlflow-artifacts/mpu/create/{artifact_path...}"] },
    { "need": "scorer", "routes": ["POST /api/3.0/mlflow/scorers/register"] },
    { "need": "admin", "feature": "jobExecution", "routes": ["POST /ajax-api/3.0/jobs"] }
  ],
  "graphql": { "read": [] }
}`

func TestAnUploadHasAsManyPartsAsS3Knows(t *testing.T) {
	access := load(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", judgedRoutes)+"\n}")
	create := func(role Role, body string) received {
		return send(request(http.MethodPost, "/api/2.0/mlflow-artifacts/mpu/create/1/run/artifacts", body),
			[]caddyhttp.MiddlewareHandler{asRole(role), access})
	}
	for _, body := range []string{
		`{"path": "model.bin", "num_parts": 1}`, `{"path": "model.bin", "num_parts": 10000}`, `{"num_parts": "7"}`,
		`{"path": "model 100% (1).bin", "num_parts": 2}`, `{"path": null}`, `{}`,
		`{"path": "/home/ada/run 1/model.bin", "num_parts": 2}`, `{"path": "C:\\runs\\model.bin", "num_parts": 2}`, `{"path": "../model.bin"}`, `"{\"path\": \"a\", \"num_parts\": 3}"`,
	} {
		if got := create(RoleWrite, body); got.status != http.StatusNoContent {
			t.Errorf("%s is answered %s: %s", body, statusAndCode(got), got.message)
		}
	}
	for _, body := range []string{
		`{"num_parts": 10001}`, `{"num_parts": 1000000000}`, `{"num_parts": 0}`, `{"num_parts": -1}`, `{"num_parts": 1e9}`, `{"num_parts": 1.5}`,
		`{"num_parts": "1000000000"}`, `{"num_parts": "1e4"}`, `{"num_parts": " 7"}`, `{"num_parts": [1]}`, `{"num_parts": true}`, `{"num_parts": null}`,
		`{"numParts": 1}`, `{"num_parts": 1, "num_parts": 1000000000}`, `{"[x]": 1}`,
		`{"path": "a/"}`, `{"path": ".."}`, `{"path": "a/.."}`, `{"path": ""}`, `{"path": "a\u0000b"}`, `{"path": 1}`, `[]`, ``,
	} {
		for _, role := range []Role{RoleWrite, RoleAdmin} {
			expectStatus(t, create(role, body), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
		}
	}
	expectStatus(t, create(RoleRead, `{"num_parts": 1}`), http.StatusForbidden, "PERMISSION_DENIED")
}

func TestWhileTheServerRunsJobsOnlyAdminsChangeScorers(t *testing.T) {
	for features, need := range map[string]Role{"": RoleWrite, "features jobExecution": RoleAdmin} {
		access := load(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", judgedRoutes)+"\n"+features+"\n}")
		for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
			r := request(http.MethodPost, "/ajax-api/3.0/mlflow/scorers/register", `{"name": "judge"}`)
			got := send(r, []caddyhttp.MiddlewareHandler{asRole(role), access})
			if (got.status == http.StatusNoContent) != (role >= need) {
				t.Errorf("with %q %s is answered %s", features, role, statusAndCode(got))
			}
		}
	}
}
